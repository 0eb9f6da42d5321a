// @ts-check

/**
 * What this device keeps for one owner, under one prefix. Where a browser forbids storage (private windows, third-party
 * frames), everything works from memory until the page is left.
 */
export class Shelf {
  /** @type {Map<string, string>} */ #memory = new Map();

  /** @param {string} prefix @param {"localStorage" | "sessionStorage"} [kind] */
  constructor(prefix, kind = "localStorage") {
    this.prefix = prefix;
    try {
      this.store = window[kind];
      this.store.getItem(prefix);
    } catch {
      this.store = null;
    }
  }

  /** @param {string} name @returns {string | null} */
  get(name) {
    const kept = this.#memory.get(name);
    return kept ?? this.store?.getItem(this.prefix + name) ?? null;
  }

  /** @param {string} name @param {string | null} value */
  set(name, value) {
    try {
      if (value === null) this.store?.removeItem(this.prefix + name);
      else this.store?.setItem(this.prefix + name, value);
      this.#memory.delete(name);
      if (this.store) return;
    } catch {
      // full or forbidden: memory holds it for the life of the page
    }
    if (value === null) this.#memory.delete(name);
    else this.#memory.set(name, value);
  }

  /** Forget everything under this prefix, at once. */
  clear() {
    this.#memory.clear();
    const store = this.store;
    if (!store) return;
    for (const name of Object.keys(store)) if (name.startsWith(this.prefix)) store.removeItem(name);
  }

  /**
   * Call back when another tab changes a value.
   *
   * @param {string} name
   * @param {(value: string | null) => void} react
   * @returns {() => void} stops it
   */
  watch(name, react) {
    /** @param {StorageEvent} event */
    const heard = (event) => {
      if (event.key === this.prefix + name || event.key === null) react(event.key === null ? null : event.newValue);
    };
    addEventListener("storage", heard);
    return () => removeEventListener("storage", heard);
  }
}
