// @ts-check
import { Part, setText } from "../part.js";

/** The place in the queue and, if the server dares to say, how long it takes. */
export class SupportQueue extends Part {
  begin() {
    this.on("state", () => this.#draw());
    this.#draw();
  }

  #draw() {
    const { queue, ticket } = this.conversation;
    this.hidden = ticket?.status !== "queued" || !queue;
    if (this.hidden || !queue) return;
    setText(this.piece("position"), String(queue.position));
    setText(this.piece("before"), queue.position > 1 ? this.say("people_before", { n: queue.position - 1 }) : "");
    const [low, high] = [queue.wait_seconds_low, queue.wait_seconds_high];
    const isKnown = typeof low === "number" && typeof high === "number";
    this.piece("wait-block").hidden = !isKnown;
    if (isKnown) this.#drawWait(Math.max(Math.floor(low / 60), 1), Math.max(Math.ceil(high / 60), 1));
  }

  /** @param {number} low minutes @param {number} high minutes */
  #drawWait(low, high) {
    const sentence = low < high ? this.say("wait_range", { low, n: high }) : this.say("wait", { n: high });
    const wait = this.piece("wait");
    if (wait.textContent !== sentence) wait.replaceChildren(...withLargeFigures(sentence));
  }
}

/** The words of a sentence, its figures in bold; all of it where a language says the number as a word. @param {string} sentence */
function withLargeFigures(sentence) {
  const parts = sentence.split(/(\d+(?:\s?[–~～]\s?\d+)?)/);
  return parts.map((part, index) => (index % 2 || parts.length === 1 ? large(part) : part));
}

/** @param {string} text */
function large(text) {
  const element = document.createElement("b");
  element.textContent = text;
  return element;
}

customElements.define("support-queue", SupportQueue);
