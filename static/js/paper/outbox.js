/**
 * Sends what was typed: one batch at a time, 1 s after typing pauses and at least every 10 s while
 * it goes on; an empty batch is the heartbeat. It never asks the browser whether it is online, it
 * just tries, and it never stops before the server has every word.
 */
import { isUnsent, nextEdit, refuse, settle } from "./answer.js";
import { backOff, postBatch } from "./post.js";

const PAUSE = 1000;
const LONGEST_WAIT = 10_000;
const HEARTBEAT = 30_000;
const JOURNAL_TIME = 500;
const MOST_EDITS = 50;
const KEEPALIVE_BYTES = 60_000;

export class Outbox {
  /** null, or why the last attempt failed: "lost", "busy", "signed-out", "invalid" */
  trouble = null;
  isWriter = true;
  isClosed = false;
  /** when the server last took a batch, on the monotonic clock */
  heardAt = -Infinity;
  #answers;
  #journal;
  #door;
  #device;
  #notices;
  #report;
  #timer = 0;
  #isBusy = false;
  #isStopped = false;
  #failures = 0;
  #notBefore = 0;
  #changedAt = 0;
  #waitingSince = null;
  /** when the oldest edit was typed that no batch has brought to the server yet */
  #oldestAt = null;

  /**
   * @param {object} parts
   * @param {Map<number, import("./answer.js").Answer>} parts.answers
   * @param {import("./journal.js").Journal} parts.journal
   * @param {{url: string, token: string}} parts.door
   * @param {(heard: {body?: any, tripTime?: number}) => void} parts.report called whenever anything moved
   */
  constructor({ answers, journal, door, device, notices, report }) {
    this.#answers = answers;
    this.#journal = journal;
    this.#door = door;
    this.#device = device;
    this.#notices = notices;
    this.#report = report;
  }

  get hasUnsent() {
    return this.#all.some(isUnsent);
  }

  get #all() {
    return [...this.#answers.values()];
  }

  /** What a page before this one left unsent goes first; otherwise the first heartbeat can wait. */
  start() {
    this.#planNext();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#isStopped = true;
  }

  /** An answer was edited. The journal has it before any batch does. */
  changed() {
    this.note();
    this.#changedAt = performance.now();
    this.#waitingSince ??= this.#changedAt;
    this.#oldestAt ??= this.#changedAt;
    this.#plan(this.#dueAt());
  }

  note() {
    return this.#journal.write(this.#all, this.hasUnsent);
  }

  /** Try now, unless the server asked us to wait. */
  hurry() {
    this.#waitingSince = null;
    this.#changedAt = 0;
    this.#plan(0);
  }

  /** The network is said to be back, or somebody looks at the page again. */
  wake() {
    if (this.trouble === "lost") {
      this.#failures = 0;
      this.#notBefore = 0;
    }
    this.hurry();
  }

  /** The contestant entered again elsewhere: go on with the new token. */
  async renew({ token, device }) {
    this.#door = { ...this.#door, token };
    this.#device = device;
    this.trouble = null;
    this.#failures = 0;
    this.#notBefore = 0;
    await this.#journal.renew(token, device, this.#all, this.hasUnsent);
    this.hurry();
  }

  /** The page is going away: one last batch that outlives it, as far as the browser lets it. */
  leave() {
    const edits = [];
    let size = 0;
    for (const edit of this.#collect()) {
      size += new Blob([JSON.stringify(edit)]).size;
      if (size > KEEPALIVE_BYTES) break;
      edits.push(edit);
    }
    this.note();
    if (edits.length) postBatch(this.#door, this.#batch(edits), { keepalive: true });
  }

  #dueAt() {
    return Math.min(this.#changedAt + PAUSE, (this.#waitingSince ?? this.#changedAt) + LONGEST_WAIT);
  }

  #plan(at) {
    if (this.#isBusy || this.#isStopped) return;
    clearTimeout(this.#timer);
    const due = Math.max(at, this.#notBefore);
    this.#timer = setTimeout(() => this.#send(), Math.max(0, due - performance.now()));
  }

  async #send() {
    this.#isBusy = true;
    this.#waitingSince = null;
    const edits = this.#collect();
    this.#report({});
    if (edits.length) await Promise.race([this.note(), new Promise((go) => setTimeout(go, JOURNAL_TIME))]);
    const sentAt = performance.now();
    const oldestAt = this.#oldestAt;
    this.#oldestAt = null;
    const waited = edits.length && oldestAt !== null ? Math.round(sentAt - oldestAt) : undefined;
    const door = this.#door;
    const result = await postBatch(door, { ...this.#batch(edits), waited });
    this.#isBusy = false;
    if (result.outcome !== "kept" && result.outcome !== "closed") this.#oldestAt = oldestAt ?? this.#oldestAt;
    // Refused with a token that was renewed meanwhile: that says nothing of the new one.
    const isOutdated = result.outcome === "signed-out" && door !== this.#door;
    if (!isOutdated) this.#hear(result, edits, performance.now() - sentAt);
    this.#planNext();
  }

  #collect() {
    const edits = [];
    for (const answer of this.#all) {
      const edit = nextEdit(answer);
      if (edit) edits.push({ op: edit.op, number: answer.number, text: edit.text, based_on: edit.based_on });
    }
    return edits.slice(0, MOST_EDITS);
  }

  #batch(edits) {
    return { device: this.#device, notices: this.#notices, edits };
  }

  #hear({ outcome, body, wait }, edits, tripTime) {
    if (outcome === "kept" || outcome === "closed") {
      this.trouble = null;
      this.#failures = 0;
      this.heardAt = performance.now();
      this.isClosed = outcome === "closed" || body.phase === "closed";
      this.isWriter = body.writer ?? this.isWriter;
      for (const result of body.edits ?? []) {
        const answer = this.#answers.get(result.number);
        if (answer) settle(answer, result, this.isWriter);
      }
    } else if (outcome === "invalid" && this.#setAside(body.errors ?? [], edits)) {
      this.trouble = null;
      this.#failures = 0;
    } else {
      this.trouble = outcome;
      this.#failures += 1;
    }
    this.#notBefore = performance.now() + (this.#failures ? Math.max(wait, 0) + backOff(this.#failures) : 0);
    this.note();
    this.#report(outcome === "kept" || outcome === "closed" ? { body, tripTime } : {});
  }

  /**
   * Nothing of a refused batch is kept, so the edits at fault leave it and the others go again.
   * Where the server names no edit, none is given up: the batch is tried again, later and later.
   */
  #setAside(errors, edits) {
    const atFault = edits.filter((_, index) => errors.some((error) => error.index === index));
    for (const { op, number } of atFault) refuse(this.#answers.get(number), op);
    return atFault.length > 0;
  }

  #planNext() {
    if (this.#failures) this.#plan(this.#notBefore);
    else if (this.hasUnsent) this.#plan(this.#changedAt ? this.#dueAt() : 0);
    else if (!this.isClosed) this.#plan(performance.now() + HEARTBEAT * (0.7 + 0.3 * Math.random()));
  }
}
