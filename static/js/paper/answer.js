/**
 * One answer as this page knows it, and how it moves. Plain functions without a page or a network,
 * so that the outbox of the page, of a reload and of another contestant's page all agree.
 */
import { newId } from "./text.js";

/**
 * @typedef {{op: string, text: string, based_on: number|null}} Edit
 * @typedef {{theirs: string, head: number}} Conflict
 * @typedef {object} Answer
 * @property {number} number
 * @property {string} text        what the field holds
 * @property {string} saved       the text of the head revision, as far as this page knows
 * @property {number} revision    that revision
 * @property {string|null} kept   our last text that the server keeps without counting it
 * @property {Edit[]} queue       edits made and not acknowledged; the first goes first, word for word
 * @property {Conflict|null} conflict
 * @property {string|null} refused  a text that the server cannot take
 * @property {number} repeats     new ops made because only the device had changed
 */

const MOST_REPEATS = 3;

/** @returns {Answer} */
export function newAnswer(number, text, revision) {
  return { number, text, saved: text, revision, kept: null, queue: [], conflict: null, refused: null, repeats: 0 };
}

/** Is there text here that the server does not hold? */
export function isUnsent(answer) {
  return answer.queue.length > 0 || hasNewText(answer);
}

function hasNewText({ text, saved, kept, refused }) {
  return text !== saved && text !== kept && text !== refused;
}

/**
 * The edit to send next, or null. An edit whose response was lost comes again with its own op and
 * text before anything newer; only then can the server tell a repetition from a change.
 *
 * @param {Answer} answer
 * @returns {Edit|null}
 */
export function nextEdit(answer) {
  if (answer.queue.length === 0 && hasNewText(answer)) {
    answer.queue.push({ op: newId(), text: answer.text, based_on: answer.revision });
  }
  return answer.queue[0] ?? null;
}

/** Every edit that the server does not hold, oldest first, with its problem's number; changes nothing. */
export function unsentEdits(answer) {
  const { number, queue, text, revision } = answer;
  const isNew = hasNewText(answer) && queue.at(-1)?.text !== text;
  const newest = isNew ? [{ op: newId(), text, based_on: revision }] : [];
  return [...queue, ...newest].map((edit) => ({ number, ...edit }));
}

/**
 * Enter what the server said about one edit.
 *
 * @param {Answer} answer
 * @param {{op: string, state: string, revision: number|null, head: number, head_text?: string}} result
 * @param {boolean} isWriter
 */
export function settle(answer, result, isWriter) {
  const edit = answer.queue.find(({ op }) => op === result.op);
  if (!edit) return;
  if (result.state === "current") {
    drop(answer, edit);
    if (result.revision >= answer.revision) {
      answer.revision = result.revision;
      answer.saved = edit.text;
      answer.kept = null;
      answer.repeats = 0;
    }
  } else if (result.state === "late") {
    drop(answer, edit);
    answer.kept = edit.text;
  } else if (result.state === "conflict") {
    drop(answer, edit);
    if (edit.based_on !== null) enterConflict(answer, edit, result, isWriter);
  }
  // Any other state: the same op is still under way elsewhere; it stays in the queue.
}

function enterConflict(answer, edit, { head, head_text: headText }, isWriter) {
  if (headText === answer.text) {
    Object.assign(answer, { saved: headText, revision: head, kept: null, conflict: null });
  } else if (!isWriter) {
    answer.kept = edit.text;
  } else if (head === edit.based_on && answer.repeats < MOST_REPEATS) {
    // Nobody changed the answer: the edit came from the page before this one. It goes again, as ours.
    answer.repeats += 1;
  } else {
    answer.kept = edit.text;
    answer.conflict = { theirs: headText ?? "", head };
  }
}

/**
 * Let one of two versions count. The other is already kept by the server, or is sent to be kept.
 *
 * @param {Answer} answer
 * @param {"mine"|"theirs"} choice
 */
export function resolve(answer, choice) {
  const { theirs, head } = answer.conflict;
  if (choice === "theirs") {
    answer.queue = answer.queue.map((edit) => ({ ...edit, based_on: null }));
    keepAside(answer, answer.text);
    answer.text = theirs;
  }
  Object.assign(answer, { saved: theirs, revision: head, kept: null, conflict: null });
}

/** Send `text` so that the server keeps it, without a claim to count: an edit based on nothing. */
export function keepAside(answer, text) {
  if (text === "" || text === answer.kept || text === answer.saved) return;
  if (answer.queue.some((edit) => edit.text === text)) return;
  answer.queue.push({ op: newId(), text, based_on: null });
}

/** The server refuses this text whatever happens; stop sending it, keep it here. */
export function refuse(answer, op) {
  const edit = answer.queue.find((candidate) => candidate.op === op);
  if (!edit) return;
  drop(answer, edit);
  answer.refused = edit.text;
}

function drop(answer, edit) {
  answer.queue = answer.queue.filter((other) => other !== edit);
}
