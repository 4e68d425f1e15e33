/**
 * The server's clock, carried on by the browser's monotonic one: what the device believes about the
 * time of day plays no part, and setting it changes nothing.
 */
const SECOND = 1000;

const minutes = (timeZone) => hands({ timeZone });
const seconds = (timeZone) => hands({ timeZone, second: "2-digit" });
const hands = (parts) =>
  new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...parts });

export class Clock {
  #offset;
  #deadline;
  #minutes;
  #seconds;

  constructor({ now, deadline, zone }) {
    this.#minutes = [minutes(zone), minutes()];
    this.#seconds = [seconds(zone), seconds()];
    this.#offset = Date.parse(now) - performance.now();
    this.#deadline = Date.parse(deadline);
  }

  /** Every response carries the time; half of what the round trip took has passed since. */
  hear({ now, deadline }, tripTime) {
    this.#offset = Date.parse(now) + tripTime / 2 - performance.now();
    this.#deadline = Date.parse(deadline);
  }

  get now() {
    return this.#offset + performance.now();
  }

  get deadline() {
    return this.#deadline;
  }

  /** Whole seconds left, 0 once time is up. */
  get secondsLeft() {
    return Math.max(0, Math.ceil((this.#deadline - this.now) / SECOND));
  }

  get isOver() {
    return this.now >= this.#deadline;
  }

  /** "15:04:10", or "15:04" without seconds, in the zone of the exam; and this device's time where it differs */
  format(moment, { seconds = false } = {}) {
    const [there, here] = (seconds ? this.#seconds : this.#minutes).map((clock) => clock.format(moment));
    return here === there ? there : `${there} (${here} on this device)`;
  }
}

/** "1:02:07", "42:10" */
export function asCountdown(seconds) {
  const pad = (value) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  return hours ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`;
}
