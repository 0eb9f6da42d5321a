// @ts-check
/**
 * The way to the server: a socket while there is one, plain requests when a network allows none. Frames look the same.
 *
 * @typedef {import("./ledger.js").Frame} Frame
 * @typedef {"connecting" | "live" | "reconnecting" | "polling"} LinkState
 * @typedef {{
 *   token: () => string | null,
 *   after: () => number,
 *   onFrame: (frame: Frame) => void,
 *   onState: (state: LinkState) => void,
 *   onRefused: (code: number) => void,
 * }} LinkOptions
 */
import { ReconnectingSocket, socketUrl } from "../js/lib/socket.js";
import { Refusal, callApi } from "./api.js";

const GIVE_UP_AFTER = 3;
const POLL_EVERY = 5_000;

/** What can be said without a socket, and where. @type {Record<string, string>} */
const POSTED = { "message.send": "/api/chat/messages", human: "/api/chat/human" };

/** One link for the life of the page; `start` and `stop` it as sessions come and go. */
export class Link {
  /** @type {LinkState} */ state = "connecting";
  /** @type {number | undefined} */ #poll;
  #wasLive = false;

  /** @param {LinkOptions} options */
  constructor(options) {
    this.options = options;
    this.socket = new ReconnectingSocket({
      url: socketUrl("/ws/chat/"),
      hello: () => ({ type: "hello", v: 1, token: options.token(), after: options.after() }),
      onFrame: options.onFrame,
      onState: (state, failures) => this.#follow(state, failures),
      onRefused: (code) => {
        this.#stopPolling();
        options.onRefused(code);
      },
    });
  }

  /** Whether what is sent now has a way to the server. */
  get isUsable() {
    return this.state === "live" || this.state === "polling";
  }

  start() {
    this.socket.start();
  }

  stop() {
    this.#stopPolling();
    this.socket.stop();
    this.#become("connecting");
  }

  /** Answers are overdue: try another connection. */
  renew() {
    this.socket.renew();
  }

  /**
   * Send a frame, or its equivalent by request.
   *
   * @param {Frame} frame
   * @returns {boolean} whether it is under way; an answer arrives as a frame
   */
  send(frame) {
    if (this.socket.send(frame)) return true;
    if (this.state !== "polling" || !(frame.type in POSTED)) return false;
    this.#post(frame);
    return true;
  }

  /** @param {"connecting" | "live" | "waiting"} state @param {number} failures */
  #follow(state, failures) {
    if (state === "live") {
      this.#stopPolling();
      this.#wasLive = true;
      this.#become("live");
    } else if (this.#poll !== undefined) {
      return; // the socket is tried on while requests carry the chat
    } else if (failures >= GIVE_UP_AFTER) {
      this.#startPolling();
    } else {
      this.#become(this.#wasLive || failures ? "reconnecting" : "connecting");
    }
  }

  /** @param {LinkState} state */
  #become(state) {
    if (state === this.state) return;
    this.state = state;
    this.options.onState(state);
  }

  #startPolling() {
    this.#poll = setInterval(() => this.#fetch(), POLL_EVERY);
    this.#fetch();
  }

  #stopPolling() {
    clearInterval(this.#poll);
    this.#poll = undefined;
  }

  async #fetch() {
    try {
      let more = true;
      while (more && this.#poll !== undefined) {
        const before = this.options.after();
        const answer = await callApi(`/api/chat/messages?after=${before}`, { token: this.options.token() });
        if (this.#poll === undefined) return;
        this.#become("polling");
        this.#deliver(answer);
        more = Boolean(answer.more) && this.options.after() > before;
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  /** @param {{messages: Frame[], status: object | null}} answer */
  #deliver({ messages, status }) {
    if (status) this.options.onFrame({ ...status, type: "polled" });
    for (const frame of messages) this.options.onFrame(frame);
    if (status) this.options.onFrame({ ...status, type: "status" });
  }

  /** @param {Frame} frame */
  async #post({ type, ...fields }) {
    try {
      const answer = await callApi(POSTED[type], { method: "POST", body: fields, token: this.options.token() });
      this.options.onFrame({ ...answer, type: "ack", client_id: fields.client_id });
      this.#fetch();
    } catch (error) {
      if (error instanceof Refusal && (error.isFinal || error.status === 429)) {
        const { code, message, retryAfter } = error;
        const retry_after = error.status === 429 ? retryAfter || 5 : 0; // a proxy's 429 does not say when
        this.options.onFrame({ type: "error", code, message, client_id: fields.client_id, retry_after });
      } else {
        this.#failed(error);
      }
    }
  }

  /** @param {unknown} error */
  #failed(error) {
    if (error instanceof Refusal && error.status === 401) {
      this.stop();
      this.options.onRefused(4401);
    } else if (this.#poll !== undefined) {
      this.#become("reconnecting");
    }
  }
}
