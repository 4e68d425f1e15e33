/** Tells the writer, in one calm line and a mark per problem, whether the work is safe. */
import { isUnsent } from "./answer.js";
import { announce } from "./notices.js";

const line = document.querySelector("[data-testid=save-state]");
const QUIET = new Set(["manual", "saving", "saved"]);

/** @returns {{state: string, words: string}} the hook's value, and which sentence belongs to it */
export function judge({ answers, outbox, journalKind, isOtherTab, isOver }) {
  const all = [...answers.values()];
  if (outbox.isClosed && !outbox.hasUnsent) return { state: "closed", words: "closed" };
  // Nobody is told to keep writing in fields that time has locked.
  if (outbox.trouble && isOver) return { state: "offline", words: "over" };
  if (outbox.trouble === "lost") return { state: "offline", words: journalKind === "memory" ? "memory" : "offline" };
  if (outbox.trouble) return { state: "offline", words: outbox.trouble === "invalid" ? "busy" : outbox.trouble };
  if (!outbox.isWriter || isOtherTab) return { state: "conflict", words: "taken-over" };
  if (all.some(({ conflict }) => conflict)) return { state: "conflict", words: "conflict" };
  if (all.some(({ text, refused }) => refused !== null && text === refused)) return { state: "conflict", words: "refused" };
  return outbox.hasUnsent ? { state: "saving", words: "saving" } : { state: "saved", words: "saved" };
}

/** @param {string} savedAt the server's time of the last batch, as text */
export function showState(judged, savedAt) {
  const words = line.getAttribute(`data-words-${judged.words}`);
  const text = judged.state === "saved" ? `${words} ${savedAt}` : words;
  const before = line.dataset.state;
  if (line.textContent !== text) line.textContent = text;
  if (before === judged.state) return;
  line.dataset.state = judged.state;
  if (!(QUIET.has(before) && QUIET.has(judged.state)) && judged.state !== "saving") announce(text);
}

/** blank, typed or saved: beside each problem's number */
export function showMarks(answers) {
  for (const answer of answers.values()) {
    const mark = isUnsent(answer) || answer.text !== answer.saved ? "typed" : answer.text ? "saved" : "blank";
    for (const element of document.querySelectorAll(`[data-mark-of="${answer.number}"]`)) {
      if (element.dataset.mark === mark) continue;
      element.dataset.mark = mark;
      element.querySelector("[data-mark-words]").textContent = mark;
    }
  }
}
