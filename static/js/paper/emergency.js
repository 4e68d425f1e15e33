/**
 * When time is up and no network comes, what was not sent leaves as a file: on a stick, to whoever runs the
 * exam. It is sealed under the paper's key, so a found stick tells nobody anything.
 */
import { unsentEdits } from "./answer.js";

const offer = document.querySelector("[data-emergency]");
const told = document.querySelector("[data-emergency-saved]");

/**
 * @param {object} parts
 * @param {import("./journal.js").Journal} parts.journal
 * @param {() => Iterable<import("./answer.js").Answer>} parts.listAnswers
 * @param {string} parts.contestant the number, for the file's name
 */
export function offerEmergencyFile({ journal, listAnswers, contestant }) {
  offer.hidden = !journal.canSeal;
  offer.querySelector("[data-emergency-file]").addEventListener("click", async () => {
    const name = `contestant-${contestant}.examgrader`;
    download(await journal.emergencyFile([...listAnswers()].flatMap(unsentEdits)), name);
    told.querySelector("[data-slot=file]").textContent = name;
    told.hidden = false;
  });
}

function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser may still be asking where to put it.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
