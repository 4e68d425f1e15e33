/** The entry page: checks the key before anything is sent, and takes one from a link's fragment. */
import { findMistake, printed } from "./entry-key.js";

const form = document.querySelector("[data-entry]");

function setUp() {
  const field = form.querySelector("#key");
  const error = form.querySelector("[data-error]");

  function say(mistake) {
    error.textContent = mistake?.sentence ?? "";
    if (mistake) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }

  /** Put the caret where to look: the group that is wrong is selected. */
  function show(mistake) {
    say(mistake);
    field.focus();
    const at = mistake.group === null ? null : [...field.value.matchAll(/[^\s-]+/g)][mistake.group - 1];
    if (at) field.setSelectionRange(at.index, at.index + at[0].length);
  }

  /** A key in the link (`/#ABCD-…`, from a QR code) never reaches a server, and leaves the history. */
  function takeFragment() {
    if (window.location.hash.length < 2) return;
    try {
      field.value = printed(decodeURIComponent(window.location.hash.slice(1)));
    } catch {
      return; // no text at all, hence no key
    }
    window.history.replaceState(null, "", window.location.pathname);
    const mistake = findMistake(field.value);
    if (mistake) show(mistake);
    else form.querySelector("[type=submit]").focus();
  }

  form.addEventListener("submit", (event) => {
    field.value = printed(field.value);
    const mistake = findMistake(field.value);
    if (mistake === null) return;
    event.preventDefault();
    show(mistake);
  });

  field.addEventListener("input", (event) => {
    say(null);
    // The fifth symbol of a group begins the next; a dash that was typed by hand is left where it is.
    const atEnd = field.selectionEnd === field.value.length;
    if (event.inputType !== "insertText" || event.isComposing || !atEnd) return;
    field.value = field.value.replace(/((?:^|[\s-])[^\s-]{4})([^\s-])$/, "$1-$2");
  });

  // No verdict here: its line would push the button away from under the press that left the field.
  field.addEventListener("change", () => {
    field.value = printed(field.value);
  });

  // A page that the browser kept must not show the key of whoever sat here before.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) form.reset();
  });
  window.addEventListener("hashchange", takeFragment);
  takeFragment();
}

if (form) setUp();
