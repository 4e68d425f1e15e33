/**
 * The waiting room. It counts down on the server's clock and opens by itself: a common clock starts
 * the paper, a personal one only shows the button, for that clock begins with a press.
 */
import { Clock, asCountdown } from "./paper/clock.js";

const SPREAD = 2000; // a whole school waits for the same second
const LONGEST_TIMER = 60 * 60 * 1000;

const room = document.querySelector("[data-waiting]");

function wait() {
  const { now, opens, zone } = room.dataset;
  const clock = new Clock({ now, deadline: opens, zone });
  const countdown = room.querySelector("[data-countdown]");
  const delay = 200 + Math.random() * SPREAD;
  const timer = setInterval(() => {
    const { secondsLeft } = clock;
    countdown.textContent = secondsLeft * 1000 < 24 * LONGEST_TIMER ? asCountdown(secondsLeft) : "";
    if (!clock.isOver) return;
    clearInterval(timer);
    room.querySelector("[data-opening]").hidden = false;
    setTimeout(open, delay);
  }, 250);
}

function open() {
  if (room.dataset.clock === "common") document.querySelector("#start").submit();
  else window.location.reload();
}

if (room) wait();
// After "back" the page may be an old picture of itself, with an old countdown.
window.addEventListener("pageshow", (event) => event.persisted && window.location.reload());
