// @ts-check
import { callApi } from "./api.js";

const NAME = "token";

/**
 * Who this browser is to the desk: an opaque token per site, shared by all tabs.
 *
 * @typedef {{id: string, status: string, public_seq: number}} TicketState
 * @typedef {{token: string, customer: {id: string, name: string, verified: boolean}, ticket: TicketState | null,
 *   settings: {limits?: Record<string, number>, features?: string[] | Record<string, boolean>}}} SessionAnswer
 */
export class CustomerSession {
  /** The exchange's signed identity, held in memory only. @type {string | null} */
  identity = null;

  /** @param {string} siteKey @param {import("../js/lib/storage.js").Shelf} shelf */
  constructor(siteKey, shelf) {
    this.siteKey = siteKey;
    this.shelf = shelf;
  }

  get token() {
    return this.shelf.get(NAME);
  }

  /**
   * Take up the earlier session, or begin one. Tabs take turns, so that two of them do not become two customers.
   *
   * @returns {Promise<SessionAnswer>}
   */
  async open() {
    return inTurn(`${this.shelf.prefix}session`, async () => {
      const resume = this.token;
      const answer = await callApi(`/api/widget/${this.siteKey}/session`, {
        method: "POST",
        body: {
          locale: document.documentElement.lang,
          ...(this.identity && { identity: this.identity }),
          ...(resume && { resume }),
        },
      });
      this.shelf.set(NAME, answer.token);
      return answer;
    });
  }

  /** Forget the token, so that the next `open` begins anew. */
  forget() {
    this.shelf.set(NAME, null);
  }

  /** End the session here at once and on the server as soon as it can be reached. */
  async end() {
    const token = this.token;
    this.identity = null;
    this.shelf.clear();
    if (token) await callApi(`/api/widget/${this.siteKey}/logout`, { method: "POST", body: {}, token }).catch(() => undefined);
  }

  /** Call back when another tab signed in, out, or as somebody else. @param {(token: string | null) => void} react */
  onChangeElsewhere(react) {
    return this.shelf.watch(NAME, react);
  }
}

/**
 * Run work while no other tab runs work of the same name.
 *
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function inTurn(name, work) {
  if (!navigator.locks) return work();
  return /** @type {Promise<T>} */ (navigator.locks.request(name, work));
}
