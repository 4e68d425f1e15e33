// Keys on the scoring page. Letters act only while the points have the focus, where they mean nothing
// else; the page works without any of this, by Tab and Enter.

const RENEW_EVERY_MS = 5 * 60 * 1000; // a claim lasts 15 minutes

const form = document.querySelector("[data-scoring]");
if (form) {
  const { points, comment, note } = form.elements;
  const surrender = document.querySelector("[data-surrender]");
  const save = form.querySelector("[data-testid=save-score]");
  let isSending = false;

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
    s: () => surrender?.requestSubmit(),
  };

  points.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    const act = acts[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });

  for (const field of [comment, note]) {
    field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        points.focus();
        points.select();
      } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        form.requestSubmit(save);
      }
    });
  }

  // Enter pressed twice must not send twice: the second would be told of a conflict with the first.
  for (const one of [form, surrender]) {
    one?.addEventListener("submit", (event) => {
      if (isSending) event.preventDefault();
      isSending = true;
    });
  }
  // Back from the next page the browser may show this one as it was left.
  window.addEventListener("pageshow", () => {
    isSending = false;
  });

  // Whoever thinks long about a proof keeps it, as long as the page is looked at.
  if (surrender) {
    setInterval(() => {
      if (document.hidden) return;
      fetch(surrender.dataset.claimUrl, {
        method: "POST",
        body: new URLSearchParams({ csrfmiddlewaretoken: surrender.elements.csrfmiddlewaretoken.value }),
        redirect: "manual",
      }).catch(() => {}); // without network the claim lapses; saving still tells who has the answer then
    }, RENEW_EVERY_MS);
  }
}
