// @ts-check
/**
 * What a person sent and the server has not yet confirmed, kept on the device and shared by all tabs.
 *
 * An item leaves only when the server answered for it: stored (`settle`) or refused for good (`fail`). Until then it is
 * sent again under the same `client_id`, which the server recognises, so that nothing is lost and nothing doubled.
 *
 * @typedef {{id: string, name: string, type: string, size: number, state?: string, url?: string}} FileCard
 * @typedef {{
 *   client_id: string, kind: "message" | "human", body: string, attachments: FileCard[], at: string,
 *   state: "waiting" | "failed", code?: string, reason?: string,
 * }} Item
 */
import { newId } from "./ids.js";

const NAME = "outbox";

/** The list of unconfirmed items; `changed` events tell that it is different now, from this tab or another. */
export class Outbox extends EventTarget {
  /** @param {import("./storage.js").Shelf} shelf */
  constructor(shelf) {
    super();
    this.shelf = shelf;
    this.unwatch = shelf.watch(NAME, () => this.#tell());
  }

  /** All items, oldest first. @returns {Item[]} */
  get items() {
    try {
      const kept = JSON.parse(this.shelf.get(NAME) ?? "[]");
      return Array.isArray(kept) ? kept.filter((item) => typeof item?.client_id === "string") : [];
    } catch {
      return [];
    }
  }

  /** Items that still have to reach the server. */
  get waiting() {
    return this.items.filter((item) => item.state === "waiting");
  }

  /**
   * Keep a new item; it is on the device when this returns.
   *
   * @param {{kind?: "message" | "human", body?: string, attachments?: FileCard[]}} content
   * @returns {Item}
   */
  add({ kind = "message", body = "", attachments = [] }) {
    /** @type {Item} */
    const item = { client_id: newId(), kind, body, attachments, at: new Date().toISOString(), state: "waiting" };
    this.#save([...this.items, item]);
    return item;
  }

  /** The server has it, or the person gave it up. @param {string} clientId */
  settle(clientId) {
    const left = this.items.filter((item) => item.client_id !== clientId);
    if (left.length < this.items.length) this.#save(left);
  }

  /** The server refused it for good: kept, shown, not sent again by itself. @param {string} clientId @param {string} code @param {string} reason */
  fail(clientId, code, reason) {
    this.#change(clientId, (item) => ({ ...item, state: "failed", code, reason }));
  }

  /** Send a failed item again. A used id that carried another text can never succeed and is replaced. @param {string} clientId */
  retry(clientId) {
    this.#change(clientId, ({ code, reason, ...item }) => ({
      ...item,
      state: "waiting",
      client_id: code === "conflict" ? newId() : item.client_id,
    }));
  }

  /** @param {string} clientId @param {(item: Item) => Item} next */
  #change(clientId, next) {
    this.#save(this.items.map((item) => (item.client_id === clientId ? next(item) : item)));
  }

  /** @param {Item[]} items */
  #save(items) {
    this.shelf.set(NAME, items.length ? JSON.stringify(items) : null);
    this.#tell();
  }

  #tell() {
    this.dispatchEvent(new Event("changed"));
  }
}
