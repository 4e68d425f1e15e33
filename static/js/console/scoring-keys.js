/** Keys. Letters act only while the points have the focus, where they mean nothing else. */
export function bindKeys(place, form) {
  const { points, comment, note } = form.elements;
  const save = form.querySelector("[data-testid=save-score]");
  const words = place.querySelector("[data-refer]")?.elements.words;

  // The browser's own autofocus may have scrolled past the answer; a corrected score is typed over.
  points.focus({ preventScroll: true });
  points.select();

  const acts = {
    f() {
      points.value = form.dataset.maximum;
      points.select();
    },
    c: () => comment.focus(),
    n: () => note.focus(),
    l: () => words?.focus(),
    s: () => place.querySelector("[data-surrender]")?.requestSubmit(),
    u: () => place.querySelector("[data-undo]")?.requestSubmit(),
    "?"() {
      const keys = place.querySelector("[data-keys]");
      keys.open = !keys.open;
    },
  };

  points.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat) return;
    const act = acts[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });

  for (const field of [comment, note, words]) {
    field?.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        points.focus();
        points.select();
      } else if (field !== words && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        form.requestSubmit(save);
      }
    });
  }
}
