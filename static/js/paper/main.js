/** Puts the paper's parts together: fields -> answers -> journal and outbox -> what the writer sees. */
import { newAnswer } from "./answer.js";
import { watchBar } from "./bar.js";
import { Clock } from "./clock.js";
import { Closing } from "./closing.js";
import { ConflictPanel, settleChoice } from "./conflicts.js";
import { offerEmergencyFile } from "./emergency.js";
import { findFields } from "./fields.js";
import { HandIn } from "./handin.js";
import { Journal, forget, stayAlive } from "./journal.js";
import { showNotice } from "./notices.js";
import { Outbox } from "./outbox.js";
import { attachPreview } from "./preview.js";
import { reconcile } from "./reconcile.js";
import { fetchNewDoor } from "./renewal.js";
import { judge, showMarks, showState } from "./state.js";
import { Writer } from "./writer.js";

const form = document.querySelector("#paper");
const served = form.dataset;
const owner = {
  submission: served.submission,
  device: served.device,
  contestant: served.contestant,
  url: served.saveUrl,
  token: served.saveToken,
};
const clock = new Clock({ now: served.now, deadline: served.deadline, zone: served.zone });
const journal = new Journal(owner);
const fields = new Map(findFields(form).map((field) => [field.number, field]));
const answers = new Map(
  [...fields.values()].map((field) => [
    field.number,
    newAnswer(field.number, field.servedText, Number(field.article.dataset.revision)),
  ]),
);
const locks = new Set();
let savedAt = clock.format(clock.now, { seconds: true });

const outbox = new Outbox({
  answers,
  journal,
  door: { url: owner.url, token: owner.token },
  device: owner.device,
  notices: Number(served.notices),
  report: hear,
});
const closing = new Closing({ clock, outbox, graceSeconds: Number(served.grace), lock: lockFor("closing") });
const writer = new Writer({
  submission: owner.submission,
  outbox,
  journal,
  clock,
  lock: lockFor("writer"),
  keep: () => outbox.note(),
});
const handIn = new HandIn({ outbox, hasConflict: () => [...answers.values()].some(({ conflict }) => conflict) });
const panels = new Map();

/** Fields stay locked while anybody has a reason. */
function lockFor(reason) {
  return (isLocked) => {
    if (isLocked) locks.add(reason);
    else locks.delete(reason);
    for (const field of fields.values()) field.lock(locks.size > 0);
  };
}

function hear({ body, tripTime }) {
  if (body?.now) {
    clock.hear(body, tripTime);
    savedAt = clock.format(Date.parse(body.now), { seconds: true });
    closing.hear(body.edits ?? []);
  }
  if (outbox.trouble === "signed-out") goOnAfterEntry();
  show();
}

function show() {
  showMarks(answers);
  for (const [number, panel] of panels) panel.show(answers.get(number));
  const { kind: journalKind } = journal;
  showState(judge({ answers, outbox, journalKind, isOtherTab: writer.isOtherTab, isOver: clock.isOver }), savedAt);
  showNotice("signed-out", outbox.trouble === "signed-out");
  writer.show();
  lockFor("closed")(outbox.isClosed);
  handIn.show();
  closing.tick();
}

let isRenewing = false;

async function goOnAfterEntry() {
  if (isRenewing || writer.isOtherTab) return;
  isRenewing = true;
  try {
    const door = await fetchNewDoor(owner);
    if (door) await outbox.renew(door);
  } finally {
    isRenewing = false;
  }
}

function edited(field) {
  const answer = answers.get(field.number);
  if (answer.text === field.text) return;
  answer.text = field.text;
  outbox.changed();
  show();
}

/** Bring back what earlier pages of this device kept, and take their records over. */
async function restore() {
  const records = await journal.open(served.journalKey);
  let isRestored = false;
  for (const [number, field] of fields) {
    const copies = records.flatMap((record) => record.answers.filter((copy) => copy.number === number));
    const outcome = reconcile(answers.get(number), copies);
    answers.set(number, outcome.answer);
    if (field.text !== outcome.answer.text) field.text = outcome.answer.text;
    isRestored ||= outcome.isRestored;
  }
  await outbox.note();
  for (const { name, isAlive } of records) if (!isAlive) await forget(name);
  writer.tellRestored();
  showNotice("restored", isRestored);
}

function watchThePage() {
  window.addEventListener("online", () => outbox.wake());
  window.addEventListener("pagehide", () => outbox.leave());
  window.addEventListener("pageshow", (event) => event.persisted && window.location.reload());
  window.addEventListener("beforeunload", (event) => {
    if (outbox.hasUnsent && !writer.isOtherTab && !writer.isLeaving) event.preventDefault();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") outbox.note();
    else outbox.wake();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    outbox.hurry();
  });
}

async function start() {
  form.classList.add("has-script");
  watchBar(form);
  lockFor("loading")(true);
  stayAlive(journal.name);
  await restore();
  lockFor("loading")(false);
  for (const field of fields.values()) {
    panels.set(
      field.number,
      new ConflictPanel(field, (choice) => {
        settleChoice(field, answers.get(field.number), choice);
        outbox.changed();
        show();
      }),
    );
    field.onEdit(() => edited(field));
    attachPreview(field);
  }
  showNotice("plain", journal.kind === "plain");
  showNotice("memory", journal.kind === "memory");
  offerEmergencyFile({ journal, listAnswers: () => answers.values(), contestant: owner.contestant });
  watchThePage();
  closing.start();
  show();
  outbox.start();
}

start();
