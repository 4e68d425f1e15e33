// Saving without leaving the page. Only a 201 means saved: the server sends it after the commit.

const PATIENCE_MS = 15_000;

export const UNSAVED = {
  network: "Not saved: there is no connection. What you typed is still here; press Enter to try again.",
  signed_out: "Not saved: you are signed out. Sign in in another tab, come back and press Enter again.",
  server: "Not saved: the server cannot answer at this moment. What you typed is still here; press Enter to try again.",
};

/** Returns `saved` (words for the next page), `sheet` (the refused page's content) or a `reason`. */
export async function send(form) {
  const { points, comment, note } = form.elements;
  const state = form.querySelector("[data-state]");
  const body = new URLSearchParams(new FormData(form));
  // What is typed while this is on its way would belong to the next answer.
  for (const field of [points, comment, note]) field.readOnly = true;
  state.textContent = "Saving…";
  try {
    const response = await fetch(form.action, {
      method: "POST",
      body,
      headers: { Accept: "application/json" },
      redirect: "manual",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (response.status === 201) return { saved: (await response.json()).saved };
    if (response.type === "opaqueredirect") return { reason: "signed_out" };
    return refusedSheet(await response.text());
  } catch {
    // It may have been recorded all the same: the same score sent again is recorded once.
    return { reason: "network" };
  } finally {
    for (const field of [points, comment, note]) field.readOnly = false;
    state.textContent = "";
  }
}

function refusedSheet(page) {
  const sheet = new DOMParser().parseFromString(page, "text/html").querySelector("#sheet");
  return sheet ? { sheet: sheet.outerHTML } : { reason: "server" };
}
