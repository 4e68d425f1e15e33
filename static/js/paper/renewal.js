/**
 * After "end all sessions", or an emptied cookie jar, the page's token is worth nothing. Once the
 * contestant has entered again, in this tab or another, the same page as the server gives it now
 * carries a new one.
 *
 * @param {{submission: string}} own
 * @returns {Promise<{token: string, device: string}|null>} null while nobody, or somebody else, is signed in
 */
export async function fetchNewDoor({ submission }) {
  try {
    const response = await fetch(window.location.pathname, { credentials: "same-origin", cache: "no-store" });
    if (!response.ok || response.redirected) return null;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const served = page.querySelector("#paper")?.dataset;
    if (served?.submission !== submission) return null;
    return { token: served.saveToken, device: served.device };
  } catch {
    return null;
  }
}
