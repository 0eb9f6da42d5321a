// @ts-check

const NAME = "read";

/** How far the customer has read, shared by all tabs, and how many entries of others wait for them. */
export class Reading {
  /** Whether somebody looks at the thread now. */
  isWatched = false;
  /** Numbers of what others wrote. @type {number[]} */ #theirs = [];

  /** @param {import("../js/lib/storage.js").Shelf} shelf */
  constructor(shelf) {
    this.shelf = shelf;
  }

  /** Number of the last entry seen. */
  get seen() {
    return Number(this.shelf.get(NAME) ?? 0);
  }

  /** Entries of others that nobody has seen. */
  get unread() {
    const seen = this.seen;
    return this.#theirs.filter((seq) => seq > seen).length;
  }

  /** Another thread begins. @param {boolean} isFirst the first one of this page: what was read earlier stays read */
  reset(isFirst) {
    this.#theirs = [];
    if (!isFirst) this.shelf.set(NAME, null);
  }

  /** Somebody else wrote. @param {number} seq */
  count(seq) {
    this.#theirs.push(seq);
  }

  /** Everything up to this number was seen. @param {number} seq */
  mark(seq) {
    this.shelf.set(NAME, String(seq));
  }
}
