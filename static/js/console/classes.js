// Keys on the page of equal answers. They act while the focus is among the classes and no text is being
// typed; in the points letters mean nothing else. The page works without any of this, by Tab and Enter.

// Enter pressed twice must not send twice: the second would be told that nothing waits any more.
let isSending = false;
document.addEventListener("submit", (event) => {
  if (isSending) event.preventDefault();
  isSending = true;
});
window.addEventListener("pageshow", () => {
  isSending = false;
});

const page = document.querySelector("[data-classes]");
if (page) {
  const forms = [...page.querySelectorAll("[data-class-form]")];

  const current = () => forms.find((form) => form.contains(document.activeElement));

  function go(form) {
    if (!form) return;
    const { points } = form.elements;
    points.focus({ preventScroll: true });
    points.select();
    form.closest("li").scrollIntoView({ block: "nearest" });
  }

  const step = (by) => go(forms[forms.indexOf(current()) + by]);

  const acts = {
    arrowdown: () => step(1),
    j: () => step(1),
    arrowup: () => step(-1),
    k: () => step(-1),
    f() {
      const points = current()?.elements.points;
      if (!points) return;
      points.value = page.dataset.maximum;
      points.select();
    },
    c: () => current()?.elements.comment.focus(),
    o: () => current()?.closest("li").querySelector("[data-open]").click(),
    u: () => page.querySelector("[data-undo]")?.requestSubmit(),
    r: () => page.querySelector("[data-remaining]")?.click(),
  };

  page.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const target = event.target;
    if (target.matches?.("input[name=comment]")) {
      if (event.key === "Escape") go(target.form);
      return;
    }
    const act = acts[event.key.toLowerCase()];
    if (!act || target.matches?.("select, textarea")) return;
    event.preventDefault();
    act();
  });

  const next = forms.find((form) => form.elements.points.autofocus);
  if (next) go(next);
  else page.focus({ preventScroll: true }); // all is scored, but "undo" is still a key
}
