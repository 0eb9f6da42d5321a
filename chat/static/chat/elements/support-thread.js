// @ts-check
import { changeEntry, renderEntry } from "../../js/thread.js";
import { callApi } from "../api.js";
import { hideSecrets, pendingBubble, safetyCard, showPending, showStored } from "../bubbles.js";
import { describe, joinTo } from "../flow.js";
import { Part, setText } from "../part.js";
import { Sticking } from "../sticking.js";

const TYPING_LASTS = 6_000;

/** @typedef {import("../ledger.js").Frame} Frame */

/** The thread: what is stored, what waits on this device, and who is writing. */
export class SupportThread extends Part {
  /** Bubbles of messages that are not in the thread yet, by client id. @type {Map<string, HTMLElement>} */ #pending = new Map();
  /** Of these, the ones that the server has. @type {Set<string>} */ #stored = new Set();
  /** @type {number | undefined} */ #typing;
  #readBy = 0;

  begin() {
    this.entries = this.piece("entries");
    this.waiting = this.piece("pending");
    this.sticking = new Sticking(this, [...this.children], (n) => this.say("new_messages", { n }));
    this.on("entry", ({ frame, isHistory }) => this.#add(frame, isHistory));
    this.on("changed", ({ frame }) => this.#change(frame));
    this.on("acked", ({ frame }) => this.#acked(frame));
    this.on("reset", ({ keep }) => this.#reset(keep));
    this.on("forgotten", () => this.#reset(false));
    this.on("typing", (detail) => this.#showTyping(detail));
    this.on("state", () => this.#draw());
    this.piece("human").addEventListener("click", (event) => this.askForHuman(event));
    this.piece("earlier-button").addEventListener("click", () => this.#loadEarlier());
    this.#draw();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.sticking?.stop();
    clearTimeout(this.#typing);
  }

  #draw() {
    const { features, isQueued, isTalking, ledger, readBy } = this.conversation;
    this.#drawPending();
    if (readBy !== this.#readBy) this.#drawRead(readBy);
    const isHome = !this.entries?.childElementCount && !this.#pending.size && !isQueued && !isTalking;
    this.piece("home").hidden = !isHome;
    this.piece("human").hidden = !features.has("human");
    this.piece("earlier").hidden = ledger.first <= 1 || !this.entries?.childElementCount;
    this.classList.toggle("thread-home", isHome);
  }

  /** @param {Frame} frame @param {boolean} isHistory */
  #add(frame, isHistory) {
    const entry = this.#render(frame);
    if (!entry) return;
    const before = this.entries?.lastElementChild ?? null;
    this.entries?.append(entry);
    joinTo(entry, before, this.say("today"));
    const isOwn = frame.author?.kind === "customer";
    if (isOwn) this.#take(frame, entry, isHistory);
    else this.#showTyping({ on: false });
    if (frame.type === "message") this.sticking?.added(isOwn);
    if (!isOwn && (!isHistory || (frame.seq ?? 0) > this.conversation.reading.seen)) announce(entry);
  }

  /** @param {Frame} frame */
  #render(frame) {
    const shown = frame.type === "status" ? this.#event(frame) : frame;
    if (!shown) return null;
    const isOwn = frame.author?.kind === "customer";
    const entry = renderEntry(shown, { texts: this.texts, own: isOwn, linkOf: (file) => this.#linkOf(file.id) });
    describe(entry, { ...frame, type: shown.type });
    if (isOwn) showStored(entry, (frame.seq ?? 0) <= this.#readBy, this.texts, Boolean(frame.scrubbed?.length));
    return entry;
  }

  /** What happened, in words; null for what needs none. @param {Frame} frame */
  #event({ seq, status, activity, agent, created_at }) {
    const name = agent?.name ?? "";
    const key = activity === "assigned" || (!activity && status === "assigned") ? (name ? "assigned" : "joined") : activity;
    const text = this.say(`event_${key}`, { name }) || this.say(`event_${status}`, { name });
    return text ? { type: "activity", seq, text, created_at } : null;
  }

  /** A message of one's own arrived in the thread: its bubble on the way is done. @param {Frame} frame @param {HTMLElement} entry @param {boolean} isHistory */
  #take(frame, entry, isHistory) {
    const wasStored = this.#stored.delete(frame.client_id);
    this.#remove(frame.client_id);
    if (frame.scrubbed?.length && (wasStored || !isHistory)) entry.after(safetyCard(frame.scrubbed, this.texts));
  }

  #drawPending() {
    const items = this.conversation.outbox.items.filter((item) => item.kind === "message");
    const wanted = new Set([...items.map((item) => item.client_id), ...this.#stored]);
    for (const id of [...this.#pending.keys()]) if (!wanted.has(id)) this.#remove(id);
    const { outbox } = this.conversation;
    for (const item of items) {
      if (this.#stored.has(item.client_id)) continue;
      const bubble = this.#pending.get(item.client_id) ?? this.#begin(item);
      showPending(bubble, item, this.texts, { retry: (id) => outbox.retry(id), discard: (id) => outbox.settle(id) });
    }
  }

  /** @param {import("../../js/lib/outbox.js").Item} item */
  #begin(item) {
    const bubble = pendingBubble(item, this.texts);
    this.#pending.set(item.client_id, bubble);
    this.waiting?.append(bubble);
    this.sticking?.added(true);
    return bubble;
  }

  /** @param {string} clientId */
  #remove(clientId) {
    this.#pending.get(clientId)?.remove();
    this.#pending.delete(clientId);
  }

  /** @param {Frame} frame */
  #acked({ client_id, scrubbed }) {
    const bubble = this.#pending.get(client_id);
    if (!bubble) return;
    this.#stored.add(client_id);
    if (scrubbed?.length) hideSecrets(bubble, scrubbed, this.texts);
    showStored(bubble, false, this.texts, Boolean(scrubbed?.length));
  }

  /** @param {number} readBy */
  #drawRead(readBy) {
    this.#readBy = readBy;
    const bubbles = /** @type {NodeListOf<HTMLElement>} */ (this.querySelectorAll('.entry-own[data-state="delivered"][data-seq]'));
    for (const bubble of bubbles) {
      const isScrubbed = Boolean(bubble.querySelector(".entry-without"));
      if (Number(bubble.dataset.seq) <= readBy) showStored(bubble, true, this.texts, isScrubbed);
    }
  }

  /** @param {Frame} frame */
  #change(frame) {
    const entry = this.entries?.querySelector(`[data-seq="${Number(frame.of)}"]`);
    if (entry instanceof HTMLElement) changeEntry(entry, /** @type {any} */ (frame), this.texts);
  }

  /** Another thread begins; what is shown may stay above it, but no longer counts. @param {boolean} keep */
  #reset(keep) {
    if (!keep) this.entries?.replaceChildren();
    for (const old of this.querySelectorAll("[data-seq]")) old.removeAttribute("data-seq");
    for (const id of this.#stored) this.#remove(id);
    this.#stored.clear();
    this.#readBy = 0;
    this.sticking?.added(true);
    this.#draw();
  }

  async #loadEarlier() {
    const button = /** @type {HTMLButtonElement} */ (this.piece("earlier-button"));
    button.disabled = true;
    try {
      const { frames } = await this.conversation.history();
      this.sticking?.holding(() => this.#prepend(frames));
    } catch {
      announceText(this.say("earlier_failed"));
    } finally {
      button.disabled = false;
      this.#draw();
    }
  }

  /** @param {Frame[]} frames */
  #prepend(frames) {
    const first = this.entries?.querySelector(".entry");
    if (first?.previousElementSibling?.classList.contains("day")) first.previousElementSibling.remove();
    /** @type {Element | null} */ let before = null;
    for (const frame of frames) {
      const entry = this.#render(frame);
      if (!entry) continue;
      first?.before(entry);
      joinTo(entry, before, this.say("today"));
      before = entry;
    }
    if (first instanceof HTMLElement) joinTo(first, before, this.say("today"));
  }

  /** @param {string} id */
  async #linkOf(id) {
    const card = await callApi(`/api/chat/attachments/${encodeURIComponent(id)}`, { token: this.conversation.session.token });
    return String(card.url);
  }

  /** @param {{author?: {name?: string}, on: boolean}} detail */
  #showTyping({ author, on }) {
    clearTimeout(this.#typing);
    this.piece("typing").hidden = !on;
    if (!on) return;
    setText(this.piece("typing-words"), author?.name ? this.say("typing", { name: author.name }) : this.say("someone_typing"));
    this.#typing = setTimeout(() => this.#showTyping({ on: false }), TYPING_LASTS);
  }
}

/** Read a new entry to those who cannot see it. @param {HTMLElement} entry */
function announce(entry) {
  const [name, body] = [entry.querySelector(".entry-name"), entry.querySelector(".entry-body, .entry-words")];
  announceText([name?.textContent, body?.textContent].filter(Boolean).join(": "));
}

/** @param {string} text */
function announceText(text) {
  const region = document.querySelector("[data-live]");
  if (region) region.textContent = text;
}

customElements.define("support-thread", SupportThread);
