// @ts-check
/**
 * The open thread: numbered, so that it repairs itself. Entries come from the socket, or by polling while it is away.
 *
 * `seen` is the last number that stood on screen; an answer carries it, and is refused if the customer wrote since. So do
 * the forms above the thread.
 */
import { emit, on, speak } from "./lib/bus.js";
import { appendEntry, changeEntry, drawEntry, isOwn, localiseTimes, showState } from "./lib/entries.js";
import { offerMenu } from "./lib/entry-changes.js";
import { announce, me, tell, texts } from "./lib/page.js";
import { ask, fields } from "./lib/requests.js";

const AT_END = 48;
const TYPING_FOR = 6_000;
const VIEWING_EVERY = 20_000;
const VIEWING_FOR = 45_000;

export class TicketThread extends HTMLElement {
  /** Number of the newest entry drawn, and of the newest that stood on screen. */
  last = 0;
  seen = 0;
  #publicSeq = 0;
  #readSeq = 0;
  #stop = new AbortController();
  /** @type {Map<number, {name: string, until: number}>} */ #viewers = new Map();
  /** @type {number | undefined} */ #typingTimer;
  /** @type {number | undefined} */ #viewingTimer;
  /** @type {number | undefined} */ #headTimer;
  /** @type {Promise<void> | null} */ #reading = null;

  connectedCallback() {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.last = this.seen = Number(this.dataset.seq);
    this.#publicSeq = Number(this.dataset.publicSeq);
    localiseTimes(this);
    for (const own of this.list.querySelectorAll(".entry-own[data-public-seq]")) showState(/** @type {HTMLElement} */ (own), "stored");
    this.scroller.addEventListener("scroll", () => this.#look(), { signal, passive: true });
    document.addEventListener("visibilitychange", () => this.#look(), { signal });
    this.closest(".thread")?.addEventListener("submit", (event) => this.#sayWhatWasSeen(event), { signal, capture: true });
    this.querySelector("[data-newest]")?.addEventListener("click", () => this.toNewest(), { signal });
    for (const type of ["message", "note", "activity", "changed"]) on(`frame:${type}`, (frame) => this.take(frame), signal);
    on("frame:typing", (frame) => this.#showTyping(frame), signal);
    on("frame:viewing", (frame) => this.#showViewer(frame), signal);
    on("frame:read", (frame) => this.#showRead(frame), signal);
    on("frame:more", (frame) => frame.ticket === this.ticket && this.#resume(), signal);
    on("state", (state) => state === "live" && this.#watch(), signal);
    on("poll", () => this.catchUp(), signal);
    this.#viewingTimer = setInterval(() => this.#tellViewing(), VIEWING_EVERY);
    emit("opened", this.ticket);
    this.#watch();
    requestAnimationFrame(() => this.toNewest());
  }

  disconnectedCallback() {
    this.#stop.abort();
    clearInterval(this.#viewingTimer);
    clearTimeout(this.#typingTimer);
    clearTimeout(this.#headTimer);
    speak({ type: "unwatch", ticket: this.ticket });
  }

  get ticket() {
    return this.dataset.ticket ?? "";
  }

  /** @returns {HTMLElement} */
  get scroller() {
    return /** @type {HTMLElement} */ (this.querySelector(".thread-scroll"));
  }

  /** @returns {HTMLElement} */
  get list() {
    return /** @type {HTMLElement} */ (this.querySelector(".entries"));
  }

  get isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < AT_END;
  }

  toNewest() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.#look();
  }

  /** Draw an entry that comes next; ask for what is missing before one that does not. @param {any} frame */
  take(frame) {
    if (frame.ticket !== this.ticket || frame.seq <= this.last) return;
    if (frame.seq > this.last + 1) {
      this.#resume();
      return;
    }
    if (frame.attachments?.some((/** @type {any} */ file) => !file.url)) {
      this.catchUp();
      return;
    }
    this.#draw(frame);
  }

  /** Read what is missing over HTTP: while the socket is away, and for files, whose links are made for one reader. */
  catchUp() {
    this.#reading ??= this.#read().finally(() => (this.#reading = null));
    return this.#reading;
  }

  /** Draw what the agent sends, before the desk has it. @param {{client_id: string, body: string, kind: string}} item @param {"sending" | "failed"} state */
  drawPending(item, state) {
    let entry = this.entryOf(item.client_id);
    if (!entry) {
      const author = { kind: "agent", id: me.id, name: me.name };
      const type = item.kind === "note" ? "note" : "message";
      entry = drawEntry({ ...item, type, author, created_at: new Date().toISOString() });
      appendEntry(this.list, entry);
      this.toNewest();
    }
    showState(entry, state);
    return entry;
  }

  /** @param {string} clientId @returns {HTMLElement | null} */
  entryOf(clientId) {
    return this.list.querySelector(`[data-client-id="${CSS.escape(clientId)}"]`);
  }

  /** @param {any} frame */
  #draw(frame) {
    const wasAtEnd = this.isAtEnd;
    this.last = frame.seq;
    if (frame.public_seq) this.#publicSeq = Math.max(this.#publicSeq, frame.public_seq);
    if (frame.type === "changed") this.#change(frame);
    else this.#place(frame);
    if (frame.type === "activity") this.#refreshHead();
    if (frame.author?.kind === "customer") this.#customerSaid(frame);
    if (wasAtEnd) this.toNewest();
    else this.#look();
  }

  /** @param {any} frame */
  #place(frame) {
    const pending = frame.client_id ? this.entryOf(frame.client_id) : null;
    pending?.parentElement?.remove();
    const entry = drawEntry(frame);
    offerMenu(entry, { own: isOwn(frame) });
    const unsent = this.list.querySelector(":scope > li:has(> .entry:is([data-state=sending], [data-state=failed]))");
    appendEntry(this.list, entry);
    if (unsent && entry.parentElement) unsent.before(entry.parentElement);
    if (isOwn(frame) && frame.type === "message") showState(entry, "stored");
  }

  /** @param {any} frame */
  #change(frame) {
    const entry = this.list.querySelector(`[data-seq="${Number(frame.of)}"]`);
    if (!(entry instanceof HTMLElement)) return;
    changeEntry(entry, frame, texts);
    if (frame.body === null) entry.querySelector(".entry-menu")?.remove();
  }

  /** @param {any} frame */
  #customerSaid(frame) {
    this.#hideTyping();
    const name = frame.author.name;
    announce(name ? tell("new_message", { name }) : tell("new_message_unnamed"));
  }

  /** What is on screen counts as read. */
  #look() {
    const button = this.querySelector("[data-newest]");
    if (this.isAtEnd && document.visibilityState === "visible") this.seen = this.last;
    button?.toggleAttribute("hidden", this.isAtEnd || this.seen >= this.last);
    if (this.seen === this.last && this.#publicSeq > this.#readSeq) this.#tellRead();
  }

  /** @param {Event} event */
  #sayWhatWasSeen(event) {
    const form = /** @type {HTMLFormElement} */ (event.target);
    const field = form.querySelector(".thread-actions [name=seen_seq]");
    if (field instanceof HTMLInputElement) field.value = String(this.seen);
  }

  #tellRead() {
    this.#readSeq = this.#publicSeq;
    const body = fields({ public_seq: String(this.#readSeq) });
    ask(this.dataset.read ?? "", { body, background: true }).then(
      () => emit("refresh"),
      () => {},
    );
  }

  #watch() {
    if (speak({ type: "watch", ticket: this.ticket, after: this.last })) this.#tellViewing();
  }

  #resume() {
    if (!speak({ type: "resume", ticket: this.ticket, after: this.last })) this.catchUp();
  }

  async #read() {
    try {
      let more = true;
      while (more) {
        const page = await ask(`${this.dataset.entries}?after=${this.last}`, { background: true });
        const before = this.last;
        for (const frame of page.entries) if (frame.seq === this.last + 1) this.#draw(frame);
        more = page.more && this.last > before;
      }
    } catch (error) {
      if (/** @type {import("./lib/requests.js").RequestFailed} */ (error).status === 401) emit("signed-out");
    }
  }

  /** The head and the panel say who has the ticket now; the thread and the composer stay as they are. */
  #refreshHead() {
    clearTimeout(this.#headTimer);
    this.#headTimer = setTimeout(async () => {
      try {
        const html = await ask(this.dataset.page ?? "", { background: true, html: true });
        const page = new DOMParser().parseFromString(html, "text/html");
        for (const part of [".thread-head", "#panel"]) swap(part, page);
        this.#showViewers();
      } catch {
        // the next change asks again
      }
    }, 300);
  }

  /** @param {any} frame */
  #showTyping(frame) {
    if (frame.ticket !== this.ticket || Number(frame.author?.id) === me.id && frame.author?.kind === "agent") return;
    clearTimeout(this.#typingTimer);
    if (!frame.on) return this.#hideTyping();
    const line = this.querySelector("[data-typing]");
    const words = line?.querySelector("span:last-child");
    if (!line || !words) return;
    words.textContent = frame.author?.name ? tell("typing", { name: frame.author.name }) : tell("customer_typing");
    const wasAtEnd = this.isAtEnd;
    line.removeAttribute("hidden");
    if (wasAtEnd) this.toNewest();
    this.#typingTimer = setTimeout(() => this.#hideTyping(), TYPING_FOR);
  }

  #hideTyping() {
    this.querySelector("[data-typing]")?.setAttribute("hidden", "");
  }

  #tellViewing() {
    this.#showViewers();
    if (document.visibilityState === "visible") speak({ type: "viewing", ticket: this.ticket });
  }

  /** @param {any} frame */
  #showViewer(frame) {
    if (frame.ticket !== this.ticket || Number(frame.agent?.id) === me.id) return;
    const isNew = !this.#viewers.has(frame.agent.id);
    this.#viewers.set(frame.agent.id, { name: frame.agent.name, until: Date.now() + VIEWING_FOR });
    this.#showViewers();
    if (isNew) this.#tellViewing();
  }

  #showViewers() {
    const place = document.querySelector("[data-viewers]");
    for (const [id, viewer] of this.#viewers) if (viewer.until < Date.now()) this.#viewers.delete(id);
    const names = Array.from(this.#viewers.values(), (viewer) => viewer.name);
    const words = place?.querySelector("span");
    place?.toggleAttribute("hidden", names.length === 0);
    if (words) words.textContent = names.map((name) => tell("viewing", { name })).join(" · ");
  }

  /** @param {any} frame */
  #showRead(frame) {
    if (frame.ticket !== this.ticket) return;
    const own = /** @type {HTMLElement[]} */ (Array.from(this.list.querySelectorAll(".entry-own[data-public-seq]")));
    for (const entry of own) if (Number(entry.dataset.publicSeq) <= frame.public_seq) showState(entry, "read");
  }
}

/** @param {string} part @param {Document} page */
function swap(part, page) {
  const now = document.querySelector(part);
  const fresh = page.querySelector(part);
  if (now && fresh && !now.contains(document.activeElement) && !now.matches(":popover-open")) now.replaceWith(document.adoptNode(fresh));
}

customElements.define("ticket-thread", TicketThread);
