// The scoring page. It works without any of this, by Tab and Enter and full pages; with it, keys score, and
// the next answers are here before they are asked for.

import { Ahead } from "./scoring-ahead.js";
import { bindKeys } from "./scoring-keys.js";
import { watchLease } from "./scoring-lease.js";
import { send, UNSAVED } from "./scoring-send.js";

const ASK_EVERY_MS = 60_000;

const place = document.querySelector("[data-ahead]");
const ahead = new Ahead(place.dataset.ahead, place.dataset.release);
let lease = null;
let isSending = false;
let isAsking = false;
let isAskedAgain = false;

const sheet = () => place.querySelector("#sheet");
const shownTask = () => Number(sheet().dataset.sheet);
const token = () => place.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";

/** Everything that belongs to the answer on the screen; called again for each one. */
function begin() {
  const form = place.querySelector("[data-scoring]");
  lease?.end();
  lease = null;
  if (!form) return;
  bindKeys(place, form);
  form.addEventListener("submit", (event) => submit(event, form));
  for (const one of place.querySelectorAll("[data-surrender], [data-refer], [data-undo]")) onlyOnce(one);
  if (sheet().dataset.secondsLeft) {
    lease = watchLease(sheet(), Number(sheet().dataset.secondsLeft));
    ask();
  }
}

/** A form that is sent twice by a heavy hand would be told of a conflict with itself. */
function onlyOnce(form) {
  form.addEventListener("submit", (event) => {
    if (isSending) event.preventDefault();
    isSending = true;
  });
}

async function ask() {
  if (document.hidden || isSending || !lease) return;
  if (isAsking) {
    isAskedAgain = true; // another answer is shown by now: it is to be kept as well
    return;
  }
  isAsking = true;
  const task = shownTask();
  const seconds = await ahead.ask(task, token());
  isAsking = false;
  place.dataset.waiting = ahead.count;
  // Undefined: nobody could be asked. Without network the claims lapse; saving tells who has the answer then.
  if (seconds !== undefined && lease && shownTask() === task) lease.renew(seconds);
  if (isAskedAgain) {
    isAskedAgain = false;
    ask();
  }
}

async function submit(event, form) {
  if (isSending) {
    event.preventDefault();
    return;
  }
  const next = event.submitter?.name === "to_desk" ? null : ahead.next();
  isSending = true;
  if (!next) return; // the browser sends the form and shows the page that follows
  event.preventDefault();
  const outcome = await send(form);
  isSending = false;
  if (outcome.saved !== undefined) {
    ahead.use(next);
    place.dataset.waiting = ahead.count;
    history.pushState({}, "", next.url);
    show(next.html, outcome.saved, (next.until - Date.now()) / 1000);
  } else if (outcome.sheet) {
    show(outcome.sheet, ""); // refused, with the reason and all that was typed
  } else {
    tell(outcome.reason);
  }
}

function show(html, saved, seconds) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const fresh = template.content.querySelector("#sheet");
  if (saved) {
    fresh.querySelector("[data-saved]").innerHTML = saved;
    fresh.dataset.secondsLeft = seconds; // it was claimed a while ago
  }
  sheet().replaceWith(fresh);
  document.querySelector("ul.messagelist")?.remove(); // they were about another answer
  document.title = document.title.replace(/^[^|]*/, `${fresh.dataset.title} `);
  place.querySelector("[data-said]").textContent = saved ? `Saved. ${fresh.dataset.title}` : "Not saved.";
  window.scrollTo(0, 0);
  begin();
}

function tell(reason) {
  const notice = place.querySelector("[data-unsaved]");
  notice.textContent = UNSAVED[reason];
  notice.hidden = false;
  place.querySelector("[data-scoring]").elements.points.focus();
}

// Back and forward: each address has a page of its own.
window.addEventListener("popstate", () => location.reload());
window.addEventListener("pagehide", () => ahead.release(token()));
// The browser may bring this page back as it was left, long after its claims ended.
window.addEventListener("pageshow", (event) => {
  isSending = false;
  if (event.persisted) location.reload();
});
document.addEventListener("visibilitychange", ask);
setInterval(ask, ASK_EVERY_MS);
begin();
