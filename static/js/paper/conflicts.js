/** Two versions of one answer: both are shown, the contestant says which one counts. */
import { resolve } from "./answer.js";

export class ConflictPanel {
  #panel;
  #refusal;

  /** @param {object} field @param {(choice: "mine"|"theirs") => void} onChoice */
  constructor(field, onChoice) {
    this.#panel = field.article.querySelector("[data-conflict]");
    this.#refusal = field.article.querySelector("[data-refused]");
    this.#panel.addEventListener("click", (event) => {
      const choice = event.target.closest("[data-keep]")?.dataset.keep;
      if (choice) onChoice(choice);
    });
  }

  show(answer) {
    const { conflict, text, refused } = answer;
    if (conflict) {
      this.#fill("mine", text);
      this.#fill("theirs", conflict.theirs);
    }
    this.#panel.hidden = !conflict;
    this.#refusal.hidden = refused === null || refused !== text;
  }

  #fill(slot, text) {
    const place = this.#panel.querySelector(`[data-slot="${slot}"]`);
    const shown = text || place.dataset.wordsBlank;
    if (place.textContent !== shown) place.textContent = shown;
  }
}

/** Let the choice count, in the field as well. */
export function settleChoice(field, answer, choice) {
  resolve(answer, choice);
  if (field.text !== answer.text) field.text = answer.text;
}
