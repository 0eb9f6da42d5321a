// @ts-check
/**
 * A socket that comes back: waits with jitter, says hello, knows a dead link from a quiet one.
 *
 * What it carries is the owner's business. It reports three things through the callbacks of `Options`: frames, its state
 * (`connecting`, `live`, `waiting`), and the close codes after which coming back needs a decision of the owner.
 *
 * @typedef {{type: string} & Record<string, any>} Frame
 * @typedef {{
 *   url: string,
 *   hello: () => Frame,
 *   onFrame: (frame: Frame) => void,
 *   onState: (state: "connecting" | "live" | "waiting", failures: number) => void,
 *   onRefused: (code: number) => void,
 *   pingEvery?: number,
 * }} Options
 */

/** After these the same hello would be refused again. */
const REFUSED = new Set([4401, 4403, 4409]);
const FLOOD = 4429;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;
const FLOOD_WAIT = 10_000;
const ANSWER_WITHIN = 10_000;

/** One logical connection over any number of sockets. */
export class ReconnectingSocket {
  /** Attempts in a row that never got as far as `welcome`. */
  failures = 0;
  isLive = false;

  /** @type {WebSocket | null} */ #socket = null;
  /** @type {number | undefined} */ #retry;
  /** @type {number | undefined} */ #ping;
  /** @type {number | undefined} */ #answer;
  #restartWithin = 10;
  #stopped = true;

  /** @param {Options} options */
  constructor(options) {
    this.options = options;
    this.onWake = this.onWake.bind(this);
  }

  /** Connect now, and again whenever the link is lost. Repeat: harmless. */
  start() {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.failures = 0;
    addEventListener("online", this.onWake);
    document.addEventListener("visibilitychange", this.onWake);
    this.#open();
  }

  /** Close, and stay closed until `start`. */
  stop() {
    this.#stopped = true;
    removeEventListener("online", this.onWake);
    document.removeEventListener("visibilitychange", this.onWake);
    this.#drop();
  }

  /** Leave this link for a new one at once, for example when an answer is overdue. */
  renew() {
    if (this.#stopped) return;
    this.#drop();
    this.#open();
  }

  /**
   * Send a frame over a live link.
   *
   * @param {Frame} frame
   * @returns {boolean} whether it was handed to the network; only the server's answer proves that it arrived
   */
  send(frame) {
    if (!this.isLive || this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** The device woke up or found a network: a link that looks open may be long dead. */
  onWake() {
    if (this.#stopped || document.visibilityState === "hidden") return;
    if (this.isLive) this.#sendPing();
    else if (!this.#socket) this.renew();
  }

  #open() {
    this.options.onState("connecting", this.failures);
    const socket = new WebSocket(this.options.url);
    this.#socket = socket;
    this.#answer = setTimeout(() => this.#lost(socket, 0), ANSWER_WITHIN);
    socket.onopen = () => socket.send(JSON.stringify(this.options.hello()));
    socket.onmessage = (event) => this.#heard(socket, event.data);
    socket.onclose = (event) => this.#lost(socket, event.code);
  }

  /** @param {WebSocket} socket @param {unknown} text */
  #heard(socket, text) {
    if (socket !== this.#socket || typeof text !== "string") return;
    clearTimeout(this.#answer);
    const frame = JSON.parse(text);
    if (frame.type === "welcome") this.#becomeLive();
    if (frame.type === "restart") this.#restartWithin = Number(frame.within) || 0;
    this.options.onFrame(frame);
  }

  #becomeLive() {
    this.isLive = true;
    this.failures = 0;
    clearInterval(this.#ping);
    this.#ping = setInterval(() => this.#sendPing(), this.options.pingEvery ?? 25_000);
    this.options.onState("live", 0);
  }

  #sendPing() {
    const socket = this.#socket;
    if (!socket || !this.send({ type: "ping" })) return;
    clearTimeout(this.#answer);
    this.#answer = setTimeout(() => this.#lost(socket, 0), ANSWER_WITHIN);
  }

  /** @param {WebSocket} socket @param {number} code */
  #lost(socket, code) {
    if (socket !== this.#socket || this.#stopped) return;
    const wasLive = this.isLive;
    this.#drop();
    if (!wasLive) this.failures += 1;
    if (REFUSED.has(code)) {
      this.#stopped = true;
      this.options.onRefused(code);
      return;
    }
    this.options.onState("waiting", this.failures);
    if (!this.#stopped) this.#retry = setTimeout(() => this.#open(), this.#waitAfter(code));
  }

  /** @param {number} code */
  #waitAfter(code) {
    if (code === 1012) return Math.random() * this.#restartWithin * 1000;
    if (code === FLOOD) return FLOOD_WAIT * (1 + Math.random());
    const ceiling = Math.min(FIRST_WAIT * 2 ** this.failures, LONGEST_WAIT);
    return ceiling / 2 + (Math.random() * ceiling) / 2;
  }

  #drop() {
    clearTimeout(this.#retry);
    clearTimeout(this.#answer);
    clearInterval(this.#ping);
    const socket = this.#socket;
    this.#socket = null;
    this.isLive = false;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
}

/** The address of a socket path on this page's own host. @param {string} path */
export function socketUrl(path) {
  const url = new URL(path, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}
