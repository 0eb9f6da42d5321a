// @ts-check
/**
 * The page's one socket: hears what happens, shows whether it is connected, and polls while it is not.
 *
 * Each connection spends a one-time value: the first is in the page, later ones are fetched.
 */
import { ReconnectingSocket, socketUrl } from "../../js/lib/socket.js";
import { emit, on, speakThrough } from "./lib/bus.js";
import { announce, tell } from "./lib/page.js";
import { ask, fields } from "./lib/requests.js";

const POLL_EVERY = 5_000;
const STILL_HERE_EVERY = 4 * 60_000;

class ConsoleSocket extends HTMLElement {
  #socket = new ReconnectingSocket({
    url: socketUrl(this.dataset.url ?? ""),
    hello: () => ({ type: "hello", v: 1, ticket: this.#spend() }),
    onFrame: (frame) => this.#heard(frame),
    onState: (state) => this.#changed(state),
    onRefused: (code) => this.#refused(code),
  });
  /** @type {string | null} */ #ticket = null;
  /** @type {number | undefined} */ #poll;
  #wasHere = Date.now();
  #isActive = false;
  #stop = new AbortController();

  connectedCallback() {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.#ticket = document.querySelector("meta[name=socket-ticket]")?.getAttribute("content") ?? null;
    speakThrough((frame) => this.#socket.send(frame));
    for (const name of ["pointerdown", "keydown"]) document.addEventListener(name, () => this.#stillHere(), { signal, passive: true });
    on("signed-out", () => this.#signedOut(), signal);
    this.#socket.start();
  }

  disconnectedCallback() {
    this.#stop.abort();
    clearInterval(this.#poll);
    this.#socket.stop();
  }

  /** A value is good once; without one the server refuses, and a fresh one is fetched. */
  #spend() {
    const ticket = this.#ticket;
    this.#ticket = null;
    return ticket || "-";
  }

  /** @param {import("./lib/bus.js").Frame} frame */
  #heard(frame) {
    emit(`frame:${frame.type}`, frame);
    if (frame.ticket && frame.seq) this.#socket.send({ type: "got", ticket: frame.ticket, seq: frame.seq });
  }

  /** @param {"connecting" | "live" | "waiting"} state */
  #changed(state) {
    const before = this.dataset.state;
    if (state === "connecting" && before === "away") return;
    this.dataset.state = state === "waiting" ? "away" : state;
    clearInterval(this.#poll);
    if (state === "live") emit("state", "live");
    if (state !== "waiting") return;
    this.#renew();
    this.#poll = setInterval(() => emit("poll"), POLL_EVERY);
    if (before === "live") emit("state", "away");
  }

  /** @param {number} code */
  async #refused(code) {
    this.dataset.state = "away";
    if (code === 4409) return this.#signedOut();
    if (await this.#renew()) setTimeout(() => this.#socket.start(), 500 + Math.random() * 1500);
  }

  async #renew() {
    try {
      this.#ticket = (await ask(this.dataset.renew ?? "", { background: true })).ticket;
      return true;
    } catch (error) {
      if (/** @type {import("./lib/requests.js").RequestFailed} */ (error).status === 401) this.#signedOut();
      else setTimeout(() => this.#socket.start(), POLL_EVERY * (1 + Math.random()));
      return false;
    }
  }

  #signedOut() {
    if (this.#isActive) return;
    this.#isActive = true;
    clearInterval(this.#poll);
    this.#socket.stop();
    announce(tell("signed_out"), { now: true });
    emit("sign-in-again");
    location.reload();
  }

  /** Idle time counts the person, not the page: tell the desk now and then that they are working. */
  #stillHere() {
    if (Date.now() - this.#wasHere < STILL_HERE_EVERY) return;
    this.#wasHere = Date.now();
    ask(this.dataset.stillHere ?? "", { body: fields({}) }).catch(() => {});
  }
}

customElements.define("console-socket", ConsoleSocket);
