/** A formula wider than its column scrolls in a box of its own: by the keyboard only where it can be focused. */
const BOXES = ".statement .katex-display";
const FOCUSABLE = { tabindex: "0", role: "group", "aria-label": "A wide formula" };

function mark() {
  for (const box of document.querySelectorAll(BOXES)) {
    const isWide = box.scrollWidth > box.clientWidth;
    for (const [name, value] of Object.entries(FOCUSABLE)) {
      if (isWide) box.setAttribute(name, value);
      else box.removeAttribute(name);
    }
  }
}

// How wide a formula is, is known once its fonts are there, and in a fold once that is open.
document.fonts.ready.then(mark);
window.addEventListener("resize", mark);
document.addEventListener("toggle", mark, true);
