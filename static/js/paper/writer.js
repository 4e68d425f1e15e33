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
  #isShown = false;

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
    if (isReading !== this.#isShown) {
      this.#isShown = isReading;
      this.#lock(isReading);
      showNotice("other-tab", isReading && this.isOtherTab);
      showNotice("taken-over", isReading && !this.isOtherTab, { time: this.#clock.format(this.#clock.now) });
    }
  }
}
