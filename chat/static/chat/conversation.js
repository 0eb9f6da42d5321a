// @ts-check
/**
 * The customer's conversation as this tab knows it. Elements listen to it and ask it to do things; it owns the session,
 * the link, the ledger and the outbox, and is the only place that decides what a frame means.
 *
 * Events (CustomEvent): `state` anything in the header, footer or queue changed · `entry` {frame, isHistory} · `changed`
 * {frame} · `acked` {frame, item} · `reset` another thread begins, {keep} what is shown · `forgotten` another person sits
 * here · `typing` {author, on} · `notice` {text} · `identity` a fresh signed identity is needed.
 */
import { Outbox } from "../js/lib/outbox.js";
import { Refusal, callApi } from "./api.js";
import { Ledger } from "./ledger.js";
import { Link } from "./link.js";
import { PlaceKeeper } from "./place.js";
import { Reading } from "./reading.js";
import { Sender } from "./sender.js";
import { CustomerSession } from "./session.js";

const SHOWN_AT_FIRST = 100;
const IDENTITY_EVERY = 30_000;
const TALKING = new Set(["assigned", "waiting"]);
const OPEN = new Set(["bot", "queued", "assigned", "waiting"]);

/** @typedef {import("./ledger.js").Frame} Frame */

export class Conversation extends EventTarget {
  /** @type {{id: string, name: string, verified: boolean} | null} */ customer = null;
  /** @type {{id: string, status: string} | null} */ ticket = null;
  /** @type {{name: string, role?: string, avatar?: string} | null} */ agent = null;
  /** @type {{position: number, wait_seconds_low?: number | null, wait_seconds_high?: number | null} | null} */ queue = null;
  /** @type {Set<string>} */ features = new Set();
  /** @type {Record<string, number>} */ limits = {};
  /** How far the other side has read. */
  readBy = 0;
  isRefused = false;

  /** Statuses up to this number were true once; `welcome` said what is true now. */
  #stateFrom = 0;
  #askedIdentity = -IDENTITY_EVERY;
  /** Nothing was shown yet. */
  #isFresh = true;
  /** The token that the server was last told. @type {string | null} */ #told = null;
  /** @type {number | undefined} */ #retry;

  /** @param {string} siteKey @param {import("../js/lib/storage.js").Shelf} shelf */
  constructor(siteKey, shelf) {
    super();
    this.shelf = shelf;
    this.reading = new Reading(shelf);
    this.session = new CustomerSession(siteKey, shelf);
    this.outbox = new Outbox(shelf);
    /** @type {Link} */
    this.link = new Link({
      token: () => (this.#told = this.session.token),
      after: () => this.ledger.last,
      onFrame: (frame) => this.#hear(frame),
      onState: (state) => this.#linkChanged(state),
      onRefused: (code) => this.#refused(code),
    });
    /** @type {Ledger} */
    this.ledger = new Ledger((frame) => this.link.send(frame));
    this.sender = new Sender(this.outbox, this.link, () => OPEN.has(this.ticket?.status ?? ""));
    this.place = new PlaceKeeper(() => this.#askPlace());
    this.session.onChangeElsewhere((token) => this.#elsewhere(token));
    this.outbox.addEventListener("changed", () => this.#tell("state"));
  }

  get isTalking() {
    return TALKING.has(this.ticket?.status ?? "");
  }

  get isOpen() {
    return OPEN.has(this.ticket?.status ?? "");
  }

  /** Whether a person was asked for and has not come yet. */
  get isQueued() {
    return this.ticket?.status === "queued" || this.outbox.waiting.some((item) => item.kind === "human");
  }

  /** Begin or go on with the session, then connect. Keeps trying while the network is away. */
  async start() {
    clearTimeout(this.#retry);
    try {
      this.#begin(await this.session.open());
    } catch (error) {
      this.#couldNotOpen(error);
    }
  }

  /** The exchange says who this is, by a signed token. @param {string} token */
  async identify(token) {
    if (this.session.identity === token) return;
    this.session.identity = token;
    await this.#again();
  }

  /** Forget everything on this device at once and begin as a stranger. */
  async signOut() {
    this.link.stop();
    this.#forget();
    await this.session.end();
    await this.start();
  }

  /** @param {string} body @param {import("../js/lib/outbox.js").FileCard[]} [attachments] */
  send(body, attachments = []) {
    this.outbox.add({ body, attachments });
  }

  /** Ask for a person. Repeat: one question is enough. */
  askForHuman() {
    if (!this.isQueued && !this.isTalking) this.outbox.add({ kind: "human" });
  }

  end() {
    this.link.send({ type: "end" });
  }

  /** @param {boolean} on */
  typing(on) {
    if (this.isOpen) this.link.send({ type: "typing", on });
  }

  /** Somebody looks at the thread, or no longer does. @param {boolean} on */
  watch(on) {
    this.reading.isWatched = on;
    this.#markRead();
  }

  /** Entries before the first one shown, oldest first. @returns {Promise<{frames: Frame[], hasMore: boolean}>} */
  async history() {
    const path = `/api/chat/history?before=${this.ledger.first}&limit=50`;
    const answer = await callApi(path, { token: this.session.token });
    if (answer.messages.length) this.ledger.first = Math.min(...answer.messages.map((/** @type {Frame} */ frame) => frame.seq));
    return { frames: answer.messages, hasMore: Boolean(answer.has_more) };
  }

  async #again() {
    this.link.stop();
    await this.start();
  }

  /** @param {import("./session.js").SessionAnswer} answer */
  #begin({ customer, ticket, settings }) {
    const isSame = this.customer?.id === customer.id && this.ticket?.id === ticket?.id;
    const owner = this.shelf.get("owner");
    if (owner && owner !== customer.id) this.#forget();
    this.shelf.set("owner", customer.verified ? customer.id : null);
    this.customer = customer;
    this.isRefused = false;
    this.limits = settings.limits ?? {};
    this.#offer(settings.features);
    if (!isSame) this.#turnTo(ticket, Math.max((ticket?.public_seq ?? 0) - SHOWN_AT_FIRST, 0));
    this.#tell("state");
    this.link.start();
  }

  /** @param {unknown} error */
  #couldNotOpen(error) {
    if (error instanceof Refusal && error.status === 401 && this.session.identity) {
      this.session.identity = null;
      this.#tell("notice", { text: error.message });
      this.#askIdentity();
      this.start();
      return;
    }
    this.isRefused = error instanceof Refusal && error.isFinal;
    if (error instanceof Refusal && error.message) this.#tell("notice", { text: error.message });
    this.#tell("state");
    const wait = error instanceof Refusal && error.retryAfter ? error.retryAfter * 1000 : 3_000 + Math.random() * 4_000;
    if (!this.isRefused) this.#retry = setTimeout(() => this.start(), wait);
  }

  /** Another ticket is the live one, or none. @param {{id: string, status: string} | null} ticket @param {number} after @param {boolean} [keep] */
  #turnTo(ticket, after, keep = false) {
    this.ticket = ticket && { id: ticket.id, status: ticket.status };
    this.agent = this.queue = null;
    this.readBy = 0;
    this.ledger.reset(after);
    this.reading.reset(this.#isFresh);
    this.#isFresh = false;
    this.#tell("reset", { keep });
  }

  /** Another person sits here now: nothing of the one before stays, but the token of the one who came. */
  #forget() {
    for (const name of ["outbox", "read", "owner"]) this.shelf.set(name, null);
    this.customer = null;
    this.#turnTo(null, 0);
    this.#tell("forgotten");
  }

  #markRead() {
    const last = this.ledger.last;
    if (!this.reading.isWatched || last <= this.reading.seen) return;
    if (this.link.send({ type: "read", seq: last })) this.reading.mark(last);
    this.#tell("state");
  }

  /** @param {Frame} frame */
  #hear(frame) {
    const known = {
      welcome: () => this.#welcome(frame),
      ack: () => this.#acked(frame),
      error: () => this.#error(frame),
      message: () => this.ledger.take(frame, () => this.#entry(frame)),
      changed: () => this.ledger.take(frame, () => this.#tell("changed", { frame })),
      status: () => this.ledger.take(frame, () => this.#status(frame)),
      polled: () => this.#follow(frame),
      typing: () => this.#tell("typing", { author: frame.author, on: Boolean(frame.on) }),
      read: () => this.#readBy(Number(frame.seq) || 0),
      more: () => this.ledger.resume(),
      pong: () => this.ledger.compare(Number(frame.public_seq) || 0),
      reload: () => this.#reload(),
    };
    if (Object.hasOwn(known, frame.type)) known[/** @type {keyof typeof known} */ (frame.type)]();
  }

  /** @param {Frame} frame */
  #welcome({ ticket, public_seq, agent, queue, features, limits }) {
    if (ticket && ticket.id !== this.ticket?.id) this.#turnTo(ticket, 0, true);
    if (!ticket) this.ticket = null;
    else if (this.ticket) this.ticket.status = ticket.status;
    this.ledger.compare(Number(public_seq) || 0);
    this.#stateFrom = Number(public_seq) || 0;
    this.agent = agent ?? null;
    this.queue = queue ?? null;
    if (limits) this.limits = limits;
    this.#offer(features);
    this.#tell("state");
  }

  /** A polled answer tells which ticket is the live one. @param {Frame} frame */
  #follow({ ticket, status }) {
    if (ticket && this.ticket && ticket !== this.ticket.id) this.#turnTo({ id: ticket, status }, 0, true);
  }

  /** @param {Frame} frame */
  #entry(frame) {
    const isFresh = this.outbox.items.some((item) => item.client_id === frame.client_id);
    if (frame.author?.kind === "customer") this.outbox.settle(frame.client_id ?? "");
    else this.reading.count(frame.seq ?? 0);
    if (frame.author?.kind === "agent") this.readBy = Math.max(this.readBy, frame.seq ?? 0); // who answers has read
    this.#tell("entry", { frame, isHistory: !isFresh && (frame.seq ?? 0) <= this.#stateFrom });
    this.#markRead();
    this.#tell("state");
  }

  /** @param {Frame} frame */
  #status(frame) {
    const isPast = Boolean(frame.seq) && (frame.seq ?? 0) <= this.#stateFrom;
    if (!isPast) this.#adopt(frame);
    if (frame.seq) this.#tell("entry", { frame, isHistory: isPast });
    this.#tell("state");
  }

  /** @param {Frame} frame */
  #adopt({ ticket, status, agent, queue }) {
    if (ticket && !this.ticket) this.ticket = { id: ticket, status };
    if (this.ticket && (!ticket || ticket === this.ticket.id)) this.ticket.status = status;
    if (agent !== undefined) this.agent = agent;
    if (!this.isTalking) this.agent = null;
    this.queue = status === "queued" ? queue ?? this.queue : null;
  }

  /** Where this customer stands in the queue now; until the next answer, what is known stays. */
  async #askPlace() {
    const path = `/api/chat/messages?after=${this.ledger.last}`;
    const answer = await callApi(path, { token: this.session.token }).catch(() => null);
    if (answer?.status?.ticket !== this.ticket?.id || this.ticket?.status !== "queued") return;
    this.queue = answer.status.queue ?? null;
    this.#tell("state");
  }

  /** @param {Frame} frame */
  #acked(frame) {
    const item = this.outbox.items.find((kept) => kept.client_id === frame.client_id);
    if (frame.ticket && frame.ticket !== this.ticket?.id) {
      const isFirst = !this.ticket && !this.ledger.last;
      if (isFirst) this.ticket = { id: frame.ticket, status: "bot" };
      else this.#turnTo({ id: frame.ticket, status: "bot" }, 0, true);
    }
    this.#tell("acked", { frame, item });
    this.sender.answer(frame);
    this.ledger.compare(Number(frame.seq) || 0);
  }

  /** @param {Frame} frame */
  #error(frame) {
    if (frame.code === "not_available") this.features.delete("human");
    if (frame.client_id) this.sender.answer(frame);
    else if (frame.message && frame.code !== "bad_frame") this.#tell("notice", { text: frame.message });
    this.#tell("state");
  }

  /** @param {number} seq */
  #readBy(seq) {
    this.readBy = Math.max(this.readBy, seq);
    this.#tell("state");
  }

  async #reload() {
    this.link.stop();
    this.#turnTo(null, 0);
    await this.start();
  }

  /** @param {import("./link.js").LinkState} state */
  #linkChanged(state) {
    this.ledger.restart();
    if (state === "live" || state === "polling") this.sender.restart();
    this.#tell("state");
  }

  /** The session is over: begin a new one with what we have. @param {number} code */
  async #refused(code) {
    this.link.stop();
    if (code === 4403) {
      this.isRefused = true;
      this.#tell("state");
      return;
    }
    if (this.session.token === this.#told) this.session.forget();
    if (this.customer?.verified) this.#askIdentity();
    await this.start();
  }

  /** Ask the exchange's page who this is; seldom, for its answer may be refused again. */
  #askIdentity() {
    if (Date.now() - this.#askedIdentity < IDENTITY_EVERY) return;
    this.#askedIdentity = Date.now();
    this.#tell("identity");
  }

  /** Another tab signed in, out, or as somebody else. @param {string | null} token */
  async #elsewhere(token) {
    if (token !== null && token === this.#told) return;
    this.link.stop();
    if (token === null) this.#turnTo(null, 0);
    await this.start();
  }

  /** @param {unknown} features */
  #offer(features) {
    const names = Array.isArray(features) ? features : Object.entries(features ?? {}).filter(([, on]) => on).map(([name]) => name);
    if (features) this.features = new Set(names);
  }

  /** @param {string} name @param {object} [detail] */
  #tell(name, detail = {}) {
    if (name === "state") this.place.update(this.ticket?.status === "queued", this.queue !== null);
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}
