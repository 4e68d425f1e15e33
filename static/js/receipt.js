/**
 * The receipt says that the server has the whole paper: the copy on this device has done its duty.
 * Words that are still unsent go first (they are kept for the jury); what cannot be sent stays.
 */
import { sent } from "./outbox-drain.js";
import { forget, listRecords } from "./paper/journal.js";

const { submission, digest } = document.querySelector("[data-receipt]").dataset;

async function wipe() {
  await sent;
  for (const { name, record } of (await listRecords()) ?? []) {
    if (record.submission === submission && !record.hasUnsent) await forget(name);
  }
}

if (digest) wipe();
document.querySelector("[data-print]")?.addEventListener("click", () => window.print());
