/** The next answers, claimed for a short while and kept in this page's memory only. */
export class Ahead {
  #address;
  #releaseAddress;
  #waiting = []; // {task, url, html, until}, in the order in which they come
  #seen = new Set();

  constructor(address, releaseAddress) {
    this.#address = address;
    this.#releaseAddress = releaseAddress;
  }

  /** The first answer that is certainly still claimed for this grader, if there is one. */
  next() {
    const now = Date.now();
    return this.#waiting.find((one) => one.until > now);
  }

  get count() {
    return this.#waiting.length;
  }

  use(one) {
    this.#waiting = this.#waiting.filter((other) => other.task !== one.task);
    this.#seen.add(one.task);
  }

  /**
   * Keep what is shown and fetch what comes next. Returns the seconds left of the claim on what is shown,
   * null if it is somebody else's by now, undefined where nobody could be asked.
   */
  async ask(shown, token) {
    this.#seen.add(shown);
    const asked = Date.now(); // promises count from here: the answer may have been long on its way
    try {
      const response = await fetch(this.#address, {
        method: "POST",
        body: this.#told(shown, token),
        redirect: "manual",
      });
      if (!response.ok) return undefined;
      const told = await response.json();
      this.#keep(told.ahead, asked + told.promised_seconds * 1000);
      return told.shown_seconds;
    } catch {
      return undefined;
    }
  }

  /** The page is left: let others have what nobody looked at. */
  release(token) {
    if (!this.#waiting.length) return;
    const shown = [...this.#seen].pop();
    navigator.sendBeacon(this.#releaseAddress, this.#told(shown, token));
    this.#waiting = [];
  }

  #told(shown, token) {
    const told = new URLSearchParams({ shown, csrfmiddlewaretoken: token });
    for (const one of this.#waiting) told.append("have", one.task);
    return told;
  }

  #keep(lines, until) {
    const known = new Map(this.#waiting.map((one) => [one.task, one.html]));
    this.#waiting = lines
      .filter((line) => !this.#seen.has(line.task))
      .map((line) => ({ ...line, html: line.html ?? known.get(line.task), until }))
      .filter((line) => line.html);
  }
}
