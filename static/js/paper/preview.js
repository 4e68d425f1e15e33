/**
 * Formulas as they will be read. KaTeX is fetched only once somebody needs it, and nothing waits
 * for it: without it, or for text it cannot read, the raw text is all there is to see.
 */
const LONGEST = 4000;
const PAUSE = 250;
const FORMULA = /\$\$([^$]+)\$\$|\$([^$\n]+)\$/g;
const OPTIONS = { throwOnError: true, trust: false, strict: "ignore", maxExpand: 200, maxSize: 20 };

let loading = null;

function loadKatex() {
  loading ??= import("../../vendor/katex/katex.min.js").then(
    () => globalThis.katex,
    () => {
      loading = null; // the network may be back at the next try
      return null;
    },
  );
  return loading;
}

/** Keep the preview under one answer up to date. */
export function attachPreview(field) {
  const target = field.article.querySelector("[data-preview]");
  if (!target) return;
  const fold = field.article.querySelector("[data-preview-fold]");
  const draw = fold ? drawProof : drawExpression;
  let timer = 0;
  const refresh = () => {
    clearTimeout(timer);
    if (fold && !fold.open) return;
    timer = setTimeout(() => draw(field.text, target), PAUSE);
  };
  field.onShow(refresh);
  fold?.addEventListener("toggle", refresh);
  if (field.text) refresh();
}

async function drawExpression(text, target) {
  const formula = text.trim().replace(/^\$+|\$+$/g, "");
  const katex = formula && formula.length <= LONGEST ? await loadKatex() : null;
  const drawn = document.createElement("span");
  target.hidden = !(katex && drawFormula(katex, formula, drawn, false));
  target.replaceChildren(drawn);
}

async function drawProof(text, target) {
  const katex = await loadKatex();
  const parts = [];
  let from = 0;
  for (const match of text.slice(0, LONGEST * 5).matchAll(FORMULA)) {
    parts.push(text.slice(from, match.index));
    const drawn = document.createElement("span");
    const [raw, display, inline] = match;
    const isDrawn = katex && drawFormula(katex, display ?? inline, drawn, display !== undefined);
    parts.push(isDrawn ? drawn : raw);
    from = match.index + raw.length;
  }
  target.replaceChildren(...parts, text.slice(from));
}

function drawFormula(katex, formula, target, displayMode) {
  try {
    katex.render(formula, target, { ...OPTIONS, displayMode });
    return true;
  } catch {
    return false;
  }
}
