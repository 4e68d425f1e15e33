/** The way to the hand-in page opens once the server has every word. */
import { noticeWords, showNotice } from "./notices.js";

export class HandIn {
  #outbox;
  #hasConflict;
  #askedAt = null;
  #link = document.querySelector("[data-hand-in]");

  constructor({ outbox, hasConflict }) {
    this.#outbox = outbox;
    this.#hasConflict = hasConflict;
    this.#link.addEventListener("click", (event) => {
      // A page that was left without a connection is gone: the server is asked once more before.
      event.preventDefault();
      this.#askedAt = performance.now();
      this.#outbox.hurry();
      this.show();
    });
    document.querySelector("[data-hand-in-cancel]").addEventListener("click", () => {
      this.#askedAt = null;
      this.show();
    });
  }

  get #isReady() {
    const { hasUnsent, heardAt } = this.#outbox;
    return !hasUnsent && heardAt > this.#askedAt && !this.#hasConflict();
  }

  show() {
    if (this.#askedAt !== null && this.#isReady) {
      this.#askedAt = null;
      window.location.assign(this.#link.href);
    }
    const key = this.#outbox.trouble ? "offline" : this.#hasConflict() ? "conflict" : "sending";
    showNotice("hand-in", this.#askedAt !== null, { words: noticeWords("hand-in", "words", key) });
  }
}
