/** Shows and hides the sentences that the template holds ready. */
const announcer = document.querySelector("[data-announcer]");

/** @param {string} name @param {boolean} isShown @param {Record<string, string>} [slots] */
export function showNotice(name, isShown, slots = {}) {
  const notice = document.querySelector(`[data-notice="${name}"]`);
  for (const [slot, words] of Object.entries(slots)) {
    notice.querySelector(`[data-slot="${slot}"]`).textContent = words;
  }
  notice.hidden = !isShown;
}

/** One of the sentences that a slot keeps in its data-words-... attributes. */
export function noticeWords(name, slot, key) {
  return document.querySelector(`[data-notice="${name}"] [data-slot="${slot}"]`).getAttribute(`data-words-${key}`);
}

/** Say it to a screen reader, when it has finished its sentence. */
export function announce(words) {
  announcer.textContent = words;
}

/** The same for one of the announcer's own sentences. */
export function announceWords(key) {
  announce(announcer.getAttribute(`data-words-${key}`));
}
