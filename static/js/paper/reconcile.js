/**
 * After a reload, a crash or a take-over: put together what the server holds and what earlier pages
 * on this device kept. Nothing that was typed is dropped; what two places changed is left to the
 * contestant. Whole texts are compared, not digests: both sides are at hand.
 */
import { keepAside, newAnswer } from "./answer.js";

/** @typedef {import("./answer.js").Answer} Answer */

/**
 * @param {Answer} server  the answer as this page was served
 * @param {Answer[]} copies  the same answer as earlier pages left it, newest first
 * @returns {{answer: Answer, isRestored: boolean}}
 */
export function reconcile(server, copies) {
  const answer = newAnswer(server.number, server.text, server.revision);
  // Texts somebody chose against, still on their way to be kept: every page passes them on.
  const aside = [...new Map(copies.flatMap(editsAside).map((edit) => [edit.op, edit])).values()];
  const [mine, ...others] = copies.filter((copy) => holdsMore(copy, server));
  if (!mine) return { answer: { ...answer, queue: aside }, isRestored: false };
  answer.text = mine.text;
  answer.refused = mine.refused;
  if (!isFollowing(mine, server)) {
    answer.revision = mine.revision;
    answer.saved = mine.saved;
    answer.kept = mine.kept;
    answer.conflict = { theirs: server.text, head: server.revision };
  }
  // An edit already overtaken by the server's text is not repeated; any other keeps its op.
  const waiting = mine.queue.filter((edit) => edit.text !== server.text && server.revision >= mine.revision);
  answer.queue = [...waiting.filter((edit) => edit.based_on !== null), ...aside];
  for (const other of others) keepAside(answer, other.text);
  return { answer, isRestored: true };
}

function editsAside(copy) {
  return copy.queue.filter((edit) => edit.based_on === null);
}

/** Has this copy words that the server's text lacks, and that nobody chose to replace? */
function holdsMore(copy, server) {
  if (copy.text === server.text) return false;
  return copy.text !== copy.saved || server.revision < copy.revision;
}

/** Does the copy's text build on what the server shows, so that it may simply replace it? */
function isFollowing(copy, server) {
  // A server restored from a backup knows less than this device was told: our text is the newer.
  if (server.revision < copy.revision) return true;
  if (server.revision === copy.revision) return server.text === copy.saved;
  // The one step between is our own edit, committed although its response was lost.
  return server.revision === copy.revision + 1 && copy.queue.some((edit) => edit.text === server.text);
}
