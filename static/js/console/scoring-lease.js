/** Tell the grader when the claim on the answer on the screen has ended, or is somebody else's. */
export function watchLease(sheet, seconds) {
  const lapsed = sheet.querySelector("[data-lapsed]");
  const taken = sheet.querySelector("[data-taken]");
  let timer = 0;

  const until = (left) => {
    clearTimeout(timer);
    const words = sheet.querySelector("[data-until]");
    if (words && left > 0) words.textContent = new Date(Date.now() + left * 1000).toISOString().slice(11, 16);
    lapsed.hidden = left > 0;
    if (left > 0) timer = setTimeout(() => until(0), left * 1000);
  };

  until(seconds);
  return {
    renew(left) {
      taken.hidden = left !== null;
      if (left === null) {
        clearTimeout(timer);
        lapsed.hidden = true;
      } else {
        until(left);
      }
    },
    end: () => clearTimeout(timer),
  };
}
