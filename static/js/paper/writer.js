/**
 * One page writes at a time. The page opened last is the writer; here the others learn of it, keep
 * what they hold and may become the writer again, which is simply opening the page once more.
 */
import { showNotice } from "./notices.js";

export class Writer {
  isOtherTab = false;
  #channel = null;
  isLeaving = false;
  #outbox;
  #journal;
  #clock;
  #lock;
  #shown = null;

  constructor({ submission, outbox, journal, clock, lock, keep }) {
    this.#outbox = outbox;
    this.#journal = journal;
    this.#clock = clock;
    this.#lock = lock;
    this.#listen(submission);
    for (const button of document.querySelectorAll("[data-write-here]")) {
      button.addEventListener("click", async () => {
        if (outbox.trouble === "lost") return; // a reload would only lose the page
        this.isLeaving = true;
        await keep();
        window.location.reload();
      });
    }
  }

  /** A tab of the same browser need not wait for the server to tell it. */
  #listen(submission) {
    if (!("BroadcastChannel" in window)) return;
    this.#channel = new BroadcastChannel(`paper/${submission}`);
    this.#channel.addEventListener("message", ({ data }) => {
      this.isOtherTab = true;
      this.show();
      // What stood here is in the other tab's record now; ours would only come up again as a conflict.
      if (data === "restored") this.#journal.abandon();
    });
    this.#channel.postMessage("opened");
  }

  /** This page has read the journal and carries on what other tabs left there. */
  tellRestored() {
    this.#channel?.postMessage("restored");
  }

  show() {
    const isReading = this.isOtherTab || !this.#outbox.isWriter;
    // The server may tell of it before the other tab does: the truer notice replaces the first.
    const notice = isReading ? (this.isOtherTab ? "other-tab" : "taken-over") : null;
    if (notice === this.#shown) return;
    if (isReading !== Boolean(this.#shown)) this.#lock(isReading);
    this.#shown = notice;
    showNotice("other-tab", notice === "other-tab");
    showNotice("taken-over", notice === "taken-over", { time: this.#clock.format(this.#clock.now) });
  }
}
