/**
 * The answer fields. A field gives and takes text; what it holds is never rewritten behind the
 * writer's back. `servedText` is what the server put there, whatever the browser filled in since.
 */
import { tidy } from "./text.js";

const WHOLE_NUMBER = /^\s*[-+\u2010-\u2015\u2212\uFE63\uFF0B\uFF0D]?\s*\p{Nd}[\p{Nd}\s]*$/u;
const MINUS = /^(\s*)[-\u2010-\u2015\u2212\uFE63\uFF0D]\s*/;

class TextField {
  constructor(article) {
    this.article = article;
    this.number = Number(article.dataset.number);
    this.control = article.querySelector("input.input, textarea.input");
    if (this.control.localName === "textarea") growWithText(this.control);
  }

  get servedText() {
    return tidy(this.control.defaultValue);
  }

  get text() {
    return tidy(this.control.value);
  }

  set text(value) {
    this.control.value = value;
    this.control.dispatchEvent(new CustomEvent("shown"));
  }

  lock(isLocked) {
    this.control.readOnly = isLocked;
  }

  onEdit(listener) {
    this.control.addEventListener("input", listener);
  }

  /** Called whenever the text differs from before, whoever changed it. */
  onShow(listener) {
    this.control.addEventListener("input", listener);
    this.control.addEventListener("shown", listener);
  }
}

class IntegerField extends TextField {
  #edited = [];

  constructor(article) {
    super(article);
    this.sign = article.querySelector("[data-sign]");
    this.hint = article.querySelector("[data-hint]");
    this.hintWords = this.hint.textContent;
    this.sign.addEventListener("click", () => this.changeSign());
    this.onShow(() => this.showHint());
    this.showHint();
  }

  lock(isLocked) {
    super.lock(isLocked);
    this.sign.disabled = isLocked;
  }

  onEdit(listener) {
    super.onEdit(listener);
    this.#edited.push(listener);
  }

  /** Number pads of phones have no minus. */
  changeSign() {
    const { text } = this;
    this.text = MINUS.test(text) ? text.replace(MINUS, "$1") : `-${text.trimStart()}`;
    this.control.focus();
    for (const listener of this.#edited) listener();
  }

  showHint() {
    const { text } = this;
    const isOdd = text.trim() !== "" && !/^\s*[-\u2212+]\s*$/.test(text) && !WHOLE_NUMBER.test(text);
    this.hint.textContent = isOdd ? this.hint.dataset.wordsOdd : this.hintWords;
    this.hint.classList.toggle("is-odd", isOdd);
  }
}

class ChoiceField {
  constructor(article) {
    this.article = article;
    this.number = Number(article.dataset.number);
    this.fieldset = article.querySelector("fieldset");
    this.radios = [...this.fieldset.querySelectorAll("input[type=radio]")];
  }

  get servedText() {
    return this.radios.find((radio) => radio.defaultChecked)?.value ?? "";
  }

  get text() {
    return this.radios.find((radio) => radio.checked)?.value ?? "";
  }

  set text(value) {
    for (const radio of this.radios) radio.checked = radio.value === value;
  }

  lock(isLocked) {
    this.fieldset.disabled = isLocked;
  }

  onEdit(listener) {
    this.fieldset.addEventListener("change", listener);
  }
}

/** @param {HTMLFormElement} form */
export function findFields(form) {
  const kinds = { choice: ChoiceField, integer: IntegerField };
  return [...form.querySelectorAll("[data-kind]")].map((article) => {
    const Kind = kinds[article.dataset.kind] ?? TextField;
    return new Kind(article);
  });
}

function growWithText(textarea) {
  if (CSS.supports("field-sizing", "content")) return; // paper.css does it
  const grow = () => {
    textarea.style.height = "auto";
    textarea.style.height = `${textarea.scrollHeight + 4}px`;
  };
  textarea.addEventListener("input", grow);
  textarea.addEventListener("shown", grow);
  grow();
}
