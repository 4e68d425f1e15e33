/**
 * Sends what a contestant before this one could not send from this computer. The record they left
 * carries its own save-only token, so it needs nobody signed in; whoever sits here can go on.
 *
 * `sent` settles once every record that can be sent has been.
 */
import { isUnsent } from "./paper/answer.js";
import { Journal, forget, listAlive, listRecords, openRecord } from "./paper/journal.js";
import { Outbox } from "./paper/outbox.js";

const LONGEST_KEPT = 30 * 24 * 3600 * 1000;

const notice = document.querySelector("[data-sending]");
const here = document.querySelector("#paper")?.dataset.submission;
const sitting = document.querySelector("[data-contestant]")?.dataset.contestant;

export const sent = sendAll();

async function sendAll() {
  const [records, alive] = [(await listRecords()) ?? [], await listAlive()];
  const left = records.filter(({ name, record }) => record.submission !== here && !alive.has(name));
  for (const { name, record } of left) {
    if (Date.now() - record.at > LONGEST_KEPT) await forget(name);
  }
  await Promise.all(left.filter(({ record }) => record.hasUnsent && record.token).map(({ record }) => send(record)));
  notice.hidden = true;
}

async function send(record) {
  const copies = await openRecord(record);
  if (!copies?.some(isUnsent)) return;
  if (record.contestant !== sitting) {
    notice.querySelector("[data-slot=number]").textContent = record.contestant;
    notice.hidden = false;
  }
  await new Promise((finish) => {
    const outbox = new Outbox({
      answers: new Map(copies.map((answer) => [answer.number, answer])),
      journal: Journal.resume(record),
      door: { url: record.url, token: record.token },
      device: record.device,
      notices: 0,
      report: () => {
        if (outbox.hasUnsent && outbox.trouble !== "signed-out") return;
        outbox.stop();
        outbox.note().then(finish);
      },
    });
    window.addEventListener("online", () => outbox.wake());
    outbox.start();
  });
}
