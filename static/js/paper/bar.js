/** The bar grows when it has more to say; what sticks below it has to know. */
export function watchBar(form) {
  const bar = form.querySelector(".paper-bar");
  const measure = () => document.documentElement.style.setProperty("--bar-height", `${bar.offsetHeight}px`);
  if ("ResizeObserver" in window) new ResizeObserver(measure).observe(bar);
  measure();
}
