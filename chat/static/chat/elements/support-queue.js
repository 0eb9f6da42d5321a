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
    setText(this.piece("wait"), low < high ? this.say("wait_range", { low, high }) : String(high));
    setText(this.piece("unit"), this.say("minutes", { n: high }));
  }
}

customElements.define("support-queue", SupportQueue);
