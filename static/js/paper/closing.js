/**
 * The end of the time: fields are locked, the last words are sent, the paper is seen closed.
 * The server decides; a deadline that moved meanwhile opens the fields again.
 */
import { asCountdown } from "./clock.js";
import { announceWords, showNotice } from "./notices.js";

const MINUTES_TO_ANNOUNCE = [1, 5, 15];
const AFTER_GRACE = 1000;
const SPREAD = 5000;

export class Closing {
  #clock;
  #outbox;
  #grace;
  #lock;
  #lastMinute = Infinity;
  #isTimeUp = false;
  #isLate = false;
  #check = 0;
  #countdown = document.querySelector("[data-countdown]");
  #until = document.querySelector("[data-until]");

  constructor({ clock, outbox, graceSeconds, lock }) {
    this.#clock = clock;
    this.#outbox = outbox;
    this.#grace = graceSeconds * 1000;
    this.#lock = lock;
  }

  start() {
    setInterval(() => this.tick(), 500);
    this.tick();
  }

  /** @param {object[]} results what the server said about edits */
  hear(results) {
    if (results.some(({ state }) => state === "late")) this.#isLate = true;
  }

  tick() {
    const { secondsLeft, isOver, deadline } = this.#clock;
    this.#countdown.textContent = asCountdown(secondsLeft);
    this.#until.textContent = this.#clock.format(deadline);
    this.#announceMinutes(secondsLeft);
    if (isOver !== this.#isTimeUp) this.#turn(isOver);
    this.#showEnd();
  }

  #announceMinutes(secondsLeft) {
    const minute = MINUTES_TO_ANNOUNCE.find((value) => secondsLeft <= value * 60) ?? Infinity;
    if (minute < this.#lastMinute && secondsLeft > (minute - 1) * 60) {
      announceWords(`${minute}-left`);
    }
    this.#lastMinute = minute;
  }

  #turn(isTimeUp) {
    this.#isTimeUp = isTimeUp;
    this.#lock(isTimeUp);
    clearTimeout(this.#check);
    if (!isTimeUp) return;
    this.#outbox.hurry();
    const wait = this.#clock.deadline + this.#grace - this.#clock.now + AFTER_GRACE + Math.random() * SPREAD;
    this.#check = setTimeout(() => this.#outbox.hurry(), Math.max(AFTER_GRACE, wait));
  }

  #showEnd() {
    const { hasUnsent, isClosed, trouble } = this.#outbox;
    const isWaiting = this.#isTimeUp && !isClosed;
    showNotice("time-up", isWaiting && hasUnsent && !trouble);
    showNotice("time-up-offline", this.#isTimeUp && hasUnsent && Boolean(trouble));
    showNotice("arrived", isWaiting && !hasUnsent);
    showNotice("late", this.#isLate);
    showNotice("closed", isClosed && !hasUnsent);
  }
}
