// @ts-check

const NEAR = 80;

/** Keeps a scrolled thread at its end while the reader is there, and offers the way back when they are not. */
export class Sticking {
  #isAtEnd = true;
  #missed = 0;

  /**
   * @param {HTMLElement} scroller
   * @param {Element[]} parts whose growth moves the end
   * @param {(missed: number) => string} words
   */
  constructor(scroller, parts, words) {
    this.scroller = scroller;
    this.words = words;
    this.button = /** @type {HTMLElement} */ (document.querySelector("[data-latest]"));
    this.label = /** @type {HTMLElement} */ (document.querySelector("[data-latest-words]"));
    this.observer = new ResizeObserver(() => this.#isAtEnd && this.#toEnd());
    for (const part of [scroller, ...parts]) this.observer.observe(part);
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.button.addEventListener("click", () => this.#toEnd());
  }

  stop() {
    this.observer.disconnect();
  }

  /** Something was added at the end. @param {boolean} isOwn it follows from what the reader did, so they go there */
  added(isOwn) {
    if (isOwn || this.#isAtEnd) {
      this.#toEnd();
      return;
    }
    this.#missed += 1;
    this.label.textContent = this.words(this.#missed);
    this.button.hidden = false;
  }

  /** Add something above without moving what is being read. @param {() => void} change */
  holding(change) {
    const fromEnd = this.scroller.scrollHeight - this.scroller.scrollTop;
    change();
    this.scroller.scrollTop = this.scroller.scrollHeight - fromEnd;
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    this.#isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR;
    if (this.#isAtEnd) this.#caughtUp();
  }

  #toEnd() {
    this.#isAtEnd = true;
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.#caughtUp();
  }

  #caughtUp() {
    this.#missed = 0;
    this.button.hidden = true;
  }
}
