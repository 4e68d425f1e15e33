/**
 * The browser's own store: what every page of a submission knew last, one record per page, so that
 * two tabs never write over each other. A record is the page's whole state, put in one step.
 *
 * While something is unsent the record also carries the save-only token and the key (as an object
 * that cannot be exported), so that this computer can send the work on when somebody else sits here.
 * Once all is sent both are left out, and only the server's key opens the record again.
 */
import { createStore, del, entries, set } from "../../vendor/idb-keyval/idb-keyval.js";
import { importKey, seal, unseal } from "./vault.js";

const PREFIX = "paper/";
const OPENING_TIME = 2000;

const store = createStore("examgrader", "journal");

/** @typedef {{submission: string, device: string, contestant: string, url: string, token: string}} Owner */

/** All records on this device, or null where the browser has no working store. */
export async function listRecords() {
  try {
    const all = await inTime(entries(store));
    return all.filter(([name]) => String(name).startsWith(PREFIX)).map(([name, record]) => ({ name, record }));
  } catch {
    return null;
  }
}

/** @returns {Promise<import("./answer.js").Answer[]|null>} null where the key does not fit */
export async function openRecord(record, key = record.key) {
  if (record.answers) return record.answers;
  return key ? unseal(key, `${record.submission}/${record.device}`, record) : null;
}

export async function forget(name) {
  try {
    await del(name, store);
  } catch {
    // The store is gone, and the record with it.
  }
}

/** Hold a lock as long as this page lives, so that others know whose record is still looked after. */
export function stayAlive(name) {
  navigator.locks?.request(name, () => new Promise(() => {}));
}

/** The names of records whose page is open; none where the browser has no locks (plain http). */
export async function listAlive() {
  const { held = [] } = (await navigator.locks?.query()) ?? {};
  return new Set(held.map(({ name }) => name));
}

/** Forget everything this device keeps of a submission. */
export async function wipe(submission) {
  for (const { name, record } of (await listRecords()) ?? []) {
    if (record.submission === submission) await forget(name);
  }
}

export class Journal {
  /** "encrypted", "plain" or "memory": what the page has to tell its user */
  kind = "memory";
  #owner;
  #key = null;
  #next = null;
  #writing = null;

  /** @param {Owner} owner */
  constructor(owner) {
    this.#owner = { ...owner };
  }

  /** Go on with a record that a page left behind, under the key it carries. */
  static resume(record) {
    const journal = new Journal(record);
    journal.#key = record.key ?? null;
    journal.kind = record.key ? "encrypted" : "plain";
    return journal;
  }

  /** @returns {Promise<{name: string, at: number, answers: object[]}[]>} other pages' records, newest first */
  async open(keyText) {
    this.#key = await importKey(keyText).catch(() => null);
    const records = await listRecords();
    if (records === null) return [];
    this.kind = this.#key ? "encrypted" : "plain";
    const mine = records.filter(({ record }) => record.submission === this.#owner.submission);
    const alive = await listAlive();
    const opened = await Promise.all(
      mine.map(async ({ name, record }) => {
        const answers = await openRecord(record, this.#key);
        return { name, at: record.at, isAlive: alive.has(name), answers };
      }),
    );
    return opened.filter(({ answers }) => answers).sort((one, other) => other.at - one.at);
  }

  /** Entering again gives the page a new token and a new name; the old record is of no more use. */
  async renew(token, device, answers, hasUnsent) {
    const old = this.name;
    Object.assign(this.#owner, { token, device });
    await this.write(answers, hasUnsent);
    if (old !== this.name && this.kind !== "memory") await forget(old);
  }

  /** Not on plain http, where browsers have no cipher. */
  get canSeal() {
    return this.#key !== null;
  }

  /** @returns {Promise<Blob>} edits and the page's token, for the server alone to read */
  async emergencyFile(edits) {
    const { submission, device, contestant, token } = this.#owner;
    const { iv, sealed } = await seal(this.#key, `${submission}/${device}`, { token, edits });
    const head = { kind: "examgrader-emergency-file", contestant, submission, device };
    return new Blob([JSON.stringify(head), "\n", iv, sealed]);
  }

  /** Another page of this device carries on what stood here. */
  async abandon() {
    this.kind = "memory";
    this.#next = null;
    await this.#writing;
    await forget(this.name);
  }

  get name() {
    return `${PREFIX}${this.#owner.submission}/${this.#owner.device}`;
  }

  /**
   * Keep the newest state. Calls made during a write are folded into one more write, so typing
   * never queues behind the disk.
   */
  write(answers, hasUnsent) {
    if (this.kind === "memory") return Promise.resolve();
    this.#next = { answers: JSON.parse(JSON.stringify(answers)), hasUnsent };
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = null;
    });
    return this.#writing;
  }

  async #writeAll() {
    while (this.#next) {
      const { answers, hasUnsent } = this.#next;
      this.#next = null;
      try {
        await inTime(set(this.name, await this.#record(answers, hasUnsent), store));
      } catch {
        this.kind = "memory";
      }
    }
  }

  async #record(answers, hasUnsent) {
    const { submission, device, contestant, url, token } = this.#owner;
    const open = hasUnsent ? { url, token, key: this.#key } : {};
    const content = this.#key ? await seal(this.#key, `${submission}/${device}`, answers) : { answers };
    return { submission, device, contestant, at: Date.now(), hasUnsent, ...open, ...content };
  }
}

/** Some browsers leave a request to their store unanswered for ever. */
function inTime(promise) {
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error("The store does not answer.")), OPENING_TIME));
  return Promise.race([promise, late]);
}
