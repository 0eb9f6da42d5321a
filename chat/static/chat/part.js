// @ts-check
import { say } from "../js/lib/words.js";

/**
 * What every element of the chat shares: it is drawn by the server, then handed the conversation to follow.
 */
export class Part extends HTMLElement {
  /** @type {import("./conversation.js").Conversation} */ conversation = /** @type {any} */ (null);
  /** @type {import("../js/lib/words.js").Texts} */ texts = {};
  #leaving = new AbortController();

  /** Ends with the element; pass it to every listener outside of it. */
  get signal() {
    return this.#leaving.signal;
  }

  /**
   * @param {import("./conversation.js").Conversation} conversation
   * @param {import("../js/lib/words.js").Texts} texts
   */
  follow(conversation, texts) {
    this.conversation = conversation;
    this.texts = texts;
    this.begin();
  }

  /** Wire the element up; called once, with everything in place. */
  begin() {}

  disconnectedCallback() {
    this.#leaving.abort();
  }

  /**
   * Listen to the conversation for as long as the element lives.
   *
   * @param {string} name
   * @param {(detail: any) => void} react
   */
  on(name, react) {
    const heard = (/** @type {Event} */ event) => react(/** @type {CustomEvent} */ (event).detail);
    this.conversation.addEventListener(name, heard, { signal: this.signal });
  }

  /**
   * The piece of the element that the server marked with `data-<name>`.
   *
   * @template {HTMLElement} [T=HTMLElement]
   * @param {string} name
   * @returns {T}
   */
  piece(name) {
    const found = this.querySelector(`[data-${name}]`);
    if (!found) throw new Error(`${this.localName}: no data-${name}`);
    return /** @type {T} */ (found);
  }

  /** A button asked for a person; it goes away, so who used it by key is led to where one writes. @param {MouseEvent} event */
  askForHuman(event) {
    this.conversation.askForHuman();
    if (!event.detail) this.dispatchEvent(new CustomEvent("write", { bubbles: true }));
  }

  /** @param {string} key @param {Record<string, unknown>} [values] */
  say(key, values) {
    return say(this.texts, key, values);
  }
}

/** Change a text only if it is another: screen readers and selections stay undisturbed. @param {HTMLElement} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
