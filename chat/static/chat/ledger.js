// @ts-check
/**
 * Keeps a ticket's thread whole: every numbered frame is taken exactly once and in order.
 *
 * Numbers have no holes, so a frame that is not the next one is either known already or proof that something is missing.
 *
 * @typedef {{type: string, seq?: number, [field: string]: any}} Frame
 */

const PATIENCE = 1_000;

export class Ledger {
  /** Number of the last frame taken. */
  last = 0;
  /** Number of the first frame shown, or 1 when the thread is shown from its start. */
  first = 1;
  /** The number that was asked for again, so that one hole asks once. */
  #asked = 0;
  #isTelling = false;

  /** @param {(frame: Frame) => boolean} send */
  constructor(send) {
    this.send = send;
  }

  /** Begin again after a number: what is before it is left to the history. @param {number} [after] */
  reset(after = 0) {
    this.last = after;
    this.first = after + 1;
    this.#asked = 0;
  }

  /** The link is a new one; nothing asked on the old one will be answered. */
  restart() {
    this.#asked = 0;
  }

  /**
   * Take a numbered frame once and in order; frames without a number pass.
   *
   * @param {Frame} frame
   * @param {() => void} show called if it is the next one
   */
  take(frame, show) {
    const seq = frame.seq ?? 0;
    if (seq > this.last + 1) {
      this.#askAgain();
      return;
    }
    if (seq) this.#tell();
    if (seq && seq <= this.last) return;
    this.last = seq || this.last;
    show();
  }

  /** The server has this number: if it is not here within a moment, it was lost on the way. @param {number} newest */
  compare(newest) {
    if (newest <= this.last) return;
    setTimeout(() => {
      this.#asked = 0;
      if (newest > this.last) this.#askAgain();
    }, PATIENCE);
  }

  /** Ask for everything after the last number taken. */
  resume() {
    this.send({ type: "resume", after: this.last });
  }

  #askAgain() {
    if (this.#asked === this.last + 1) return;
    this.#asked = this.last + 1;
    this.resume();
  }

  /** Tell the server how far this tab has come, at most once per drawn frame; hidden tabs draw none and use a timer. */
  #tell() {
    if (this.#isTelling) return;
    this.#isTelling = true;
    const tell = () => {
      this.#isTelling = false;
      this.send({ type: "got", seq: this.last });
    };
    if (document.visibilityState === "visible") requestAnimationFrame(tell);
    else setTimeout(tell, 50);
  }
}
