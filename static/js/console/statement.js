// The problem as contestants will see it, while it is being written. The server renders, with the paper's
// own templates; whatever cannot be shown is told at its field. Saving works without any of this.

const PAUSE_MS = 400;
const TIME_OUT_MS = 15_000;
const WRITTEN = ["statement", "choices", "note", "solution"];
const BESIDE = ["number", "kind", "max_points"];

const panel = document.querySelector("[data-live]");
const form = panel?.closest("form");
if (form?.elements.statement) follow(panel, form);

function follow(panel, form) {
  const state = panel.querySelector("[data-live-state]");
  const words = state.dataset;
  const problem = panel.querySelector("[data-live-problem]");
  const solution = panel.querySelector("[data-live-solution]");
  const solutionText = panel.querySelector("[data-live-solution-text]");
  let timer = 0;
  let running = null;

  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(refresh, PAUSE_MS);
  };
  for (const name of [...WRITTEN, ...BESIDE, "exam"]) form.elements[name]?.addEventListener("input", soon);

  async function refresh() {
    const exam = form.elements.exam?.value || panel.dataset.exam;
    if (!exam) return say(words.wordsExam);
    running?.abort();
    const mine = (running = new AbortController());
    const tooLong = setTimeout(() => mine.abort(), TIME_OUT_MS);
    try {
      const response = await fetch(panel.dataset.url.replace("/0/", `/${exam}/`), {
        method: "POST",
        body: written(),
        redirect: "error",
        signal: mine.signal,
      });
      if (!response.ok) throw new Error(String(response.status));
      show(await response.json());
    } catch {
      if (running === mine) say(words.wordsLost);
    } finally {
      clearTimeout(tooLong);
    }
  }

  function written() {
    const body = new URLSearchParams({ csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value });
    for (const name of WRITTEN) body.set(name, form.elements[name].value);
    // Once somebody has started, the page only tells these; it has no field for them.
    for (const name of BESIDE) body.set(name, form.elements[name]?.value ?? panel.dataset[name] ?? "");
    return body;
  }

  function show(answer) {
    const isWhole = !answer.slips.some((slip) => slip.field !== "solution");
    // The last text that could be shown stays, faded, until the next one can.
    problem.classList.toggle("is-behind", !isWhole);
    if (isWhole || !problem.firstElementChild) problem.innerHTML = answer.problem;
    solutionText.innerHTML = answer.solution;
    solution.hidden = !answer.solution;
    for (const name of WRITTEN) tell(name, answer.slips.filter((slip) => slip.field === name));
    say(answer.slips.length ? `${words.wordsSlips} ${answer.slips.map(sentence).join(" · ")}` : words.wordsCurrent);
  }

  // Said again only when it changed: a screen reader is not told at every pause that all is well.
  function say(text) {
    if (state.textContent.trim() !== text) state.textContent = text;
  }

  function sentence(slip) {
    const place = slip.line ? `, ${words.wordsLine} ${slip.line}` : "";
    return `${labelOf(form.elements[slip.field])}${place}: ${slip.message}`;
  }

  function tell(name, slips) {
    const field = form.elements[name];
    const id = `slip-${name}`;
    let place = document.getElementById(id);
    if (!place && !slips.length) return;
    if (!place) {
      place = Object.assign(document.createElement("div"), { id, className: "slips" });
      (field.closest(".flex-container") ?? field).after(place);
      field.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby") ?? ""} ${id}`.trim());
    }
    place.replaceChildren(...slips.map((slip) => line(field, slip)));
    field.setAttribute("aria-invalid", String(slips.length > 0));
  }

  function line(field, slip) {
    const told = document.createElement("p");
    if (slip.line) {
      const jump = Object.assign(document.createElement("button"), {
        type: "button",
        className: "slip-jump",
        textContent: `${words.wordsLine} ${slip.line}`,
      });
      jump.addEventListener("click", () => select(field, slip.line));
      told.append(jump, ": ");
    }
    told.append(slip.message);
    return told;
  }
}

function labelOf(field) {
  return field.labels[0]?.textContent.trim().replace(/:$/, "") ?? field.name;
}

function select(field, line) {
  const lines = field.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((length, text) => length + text.length + 1, 0);
  field.focus();
  field.setSelectionRange(start, start + (lines[line - 1] ?? "").length);
}
