// @ts-check

const EVERY = 30_000;

/** Keeps the place in the queue fresh for as long as somebody waits. Frames tell that the wait began, not how it goes on. */
export class PlaceKeeper {
  /** @type {number | undefined} */ #timer;

  /** @param {() => Promise<void>} ask */
  constructor(ask) {
    this.ask = ask;
  }

  /** @param {boolean} isQueued @param {boolean} isKnown whether the place was told with the news */
  update(isQueued, isKnown) {
    if (!isQueued) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    } else if (this.#timer === undefined) {
      this.#timer = setInterval(() => document.visibilityState === "visible" && this.ask(), EVERY);
      if (!isKnown) this.ask();
    }
  }
}
