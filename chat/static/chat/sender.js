// @ts-check
/**
 * Carries the outbox to the server: in order, one tab at a time, again and again until each item has its answer.
 */
import { inTurn } from "./session.js";

const ANSWER_WITHIN = 15_000;

/**
 * @typedef {import("../js/lib/outbox.js").Item} Item
 * @typedef {import("./link.js").Link} Link
 */

export class Sender {
  /** Items that were sent over the present link and have no answer yet. @type {Map<string, number>} */ #underWay = new Map();
  #isDraining = false;
  #notBefore = 0;
  /** @type {() => void} */ #wake = () => undefined;

  /** @param {import("../js/lib/outbox.js").Outbox} outbox @param {Link} link @param {() => boolean} mayPipeline */
  constructor(outbox, link, mayPipeline) {
    this.outbox = outbox;
    this.link = link;
    this.mayPipeline = mayPipeline;
    outbox.addEventListener("changed", () => this.drain());
  }

  /** The link is a new one: what had no answer on the old one goes out again under the same id. */
  restart() {
    this.#underWay.clear();
    this.drain();
  }

  /**
   * The server answered for an item. An error that says when to try again passes by itself; any other is its last word.
   *
   * @param {{type: string, client_id?: string, code?: string, message?: string, retry_after?: number}} frame `ack` or `error`
   */
  answer(frame) {
    const id = frame.client_id;
    if (!id) return;
    this.#underWay.delete(id);
    if (frame.type === "ack") this.outbox.settle(id);
    else if (frame.retry_after) this.#pause(frame.retry_after);
    else this.outbox.fail(id, frame.code ?? "", frame.message ?? "");
    this.#wake();
  }

  /** Send what waits. Repeat: harmless; a second call only wakes the first. */
  async drain() {
    this.#wake();
    if (this.#isDraining || !this.link.isUsable || !this.outbox.waiting.length) return;
    this.#isDraining = true;
    try {
      await inTurn(`${this.outbox.shelf.prefix}outbox`, () => this.#drainInTurn());
    } finally {
      this.#isDraining = false;
    }
    if (this.link.isUsable && this.outbox.waiting.length) this.drain();
  }

  async #drainInTurn() {
    while (this.link.isUsable) {
      this.#sendNext();
      if (!this.outbox.waiting.length) return;
      await this.#somethingHappens();
      this.#renewIfOverdue();
    }
  }

  #sendNext() {
    if (Date.now() < this.#notBefore) return;
    const limit = this.mayPipeline() ? 32 : 1;
    for (const item of this.outbox.waiting) {
      if (this.#underWay.size >= limit) return;
      if (this.#underWay.has(item.client_id)) continue;
      if (!this.link.send(frameOf(item))) return;
      this.#underWay.set(item.client_id, Date.now());
    }
  }

  /** An answer, a new item, another state of the link, or half a second. @returns {Promise<void>} */
  #somethingHappens() {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, 500);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #renewIfOverdue() {
    const oldest = Math.min(...this.#underWay.values());
    if (Date.now() - oldest < ANSWER_WITHIN) return;
    this.#underWay.clear();
    this.link.renew();
  }

  /** @param {number} seconds */
  #pause(seconds) {
    this.#notBefore = Date.now() + seconds * 1000;
  }
}

/** @param {Item} item */
function frameOf({ client_id, kind, body, attachments }) {
  if (kind === "human") return { type: "human", client_id };
  const files = attachments.map((file) => file.id);
  return { type: "message.send", client_id, body, ...(files.length && { attachments: files }) };
}
