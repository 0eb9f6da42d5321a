// @ts-check
/** Files that will go with the next message: on their way, there, or not accepted. */
import { element, icon } from "../js/thread.js";
import { fileSize } from "../js/lib/time.js";
import { say } from "../js/lib/words.js";
import { uploadFile } from "./uploads.js";

/**
 * @typedef {import("./uploads.js").FileCard} FileCard
 * @typedef {{row: HTMLElement, cancel: AbortController, card: FileCard | null}} Pending
 */

export class Uploads {
  /** Why the last file was not taken. */
  problem = "";
  /** @type {Pending[]} */ #files = [];

  /**
   * @param {HTMLElement} list
   * @param {import("./conversation.js").Conversation} conversation
   * @param {import("../js/lib/words.js").Texts} texts
   * @param {() => void} changed
   */
  constructor(list, conversation, texts, changed) {
    this.list = list;
    this.conversation = conversation;
    this.texts = texts;
    this.changed = changed;
  }

  /** Files that the desk has. @returns {FileCard[]} */
  get ready() {
    return this.#files.flatMap((file) => (file.card ? [file.card] : []));
  }

  get isBusy() {
    return this.#files.some((file) => !file.card);
  }

  /** @param {File[]} files */
  add(files) {
    this.problem = "";
    const most = this.conversation.limits.files ?? 5;
    for (const file of files) {
      if (this.#files.length >= most) this.problem = say(this.texts, "too_many_files", { n: most });
      else this.#upload(file);
    }
    this.changed();
  }

  /** Files that were sent before the page was reloaded. @param {FileCard[]} cards */
  restore(cards) {
    for (const card of cards) {
      const pending = this.#show(card.name, fileSize(card.size));
      pending.card = card;
    }
  }

  /** The files for a message that is sent now. @returns {FileCard[]} */
  take() {
    const cards = this.ready;
    this.clear();
    return cards;
  }

  clear() {
    for (const file of this.#files) file.cancel.abort();
    this.#files = [];
    this.problem = "";
    this.list.replaceChildren();
    this.list.hidden = true;
  }

  /** @param {File} file */
  async #upload(file) {
    const pending = this.#show(file.name, fileSize(file.size));
    const meter = element("progress", "upload-meter");
    meter.max = 1;
    meter.value = 0;
    meter.setAttribute("aria-label", file.name);
    pending.row.append(meter);
    try {
      const { token } = this.conversation.session;
      pending.card = await uploadFile(file, { token, onProgress: (share) => (meter.value = share), signal: pending.cancel.signal });
      meter.remove();
    } catch (error) {
      this.#drop(pending);
      if (!(error instanceof DOMException)) this.problem = reason(error) || say(this.texts, "file_failed", { name: file.name });
    }
    this.changed();
  }

  /** @param {string} name @param {string} facts @returns {Pending} */
  #show(name, facts) {
    const row = element("li", "upload");
    const label = element("bdi", "upload-name", name);
    label.dir = "auto";
    const remove = element("button", "upload-remove");
    remove.type = "button";
    remove.setAttribute("aria-label", say(this.texts, "file_remove", { name }));
    remove.append(icon("x"));
    row.append(icon("paperclip"), label, element("span", "upload-facts", facts), remove);
    /** @type {Pending} */
    const pending = { row, cancel: new AbortController(), card: null };
    remove.addEventListener("click", () => {
      this.#drop(pending);
      this.changed();
    });
    this.#files.push(pending);
    this.list.append(row);
    this.list.hidden = false;
    return pending;
  }

  /** @param {Pending} pending */
  #drop(pending) {
    pending.cancel.abort();
    pending.row.remove();
    this.#files = this.#files.filter((file) => file !== pending);
    this.list.hidden = !this.#files.length;
  }
}

/** @param {unknown} error */
function reason(error) {
  return error instanceof Error ? error.message : "";
}
