// @ts-check
/**
 * Where an agent writes. The draft is kept on the device; what is sent shows at once and is sent again under the same id
 * until the desk has answered for it, so that nothing is lost and nothing doubled.
 */
import { newId } from "../../js/lib/ids.js";
import { element, icon } from "../../js/thread.js";
import { emit, on, speak } from "./lib/bus.js";
import { draftOf, dropPending, keepDraft, keepPending, pendingOf } from "./lib/drafts.js";
import { appendEntry, drawEntry, showState } from "./lib/entries.js";
import { tell } from "./lib/page.js";
import { ask, fields } from "./lib/requests.js";

const TYPING_EVERY = 3_000;
const SAVE_AFTER = 300;

/** @typedef {import("./lib/drafts.js").Item} Item */

class ReplyComposer extends HTMLElement {
  #stop = new AbortController();
  /** @type {number | undefined} */ #saving;
  /** @type {number | undefined} */ #quiet;
  #saidTyping = 0;

  connectedCallback() {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.#restore();
    this.form.addEventListener("submit", (event) => this.#submitted(event), { signal });
    this.form.addEventListener("change", () => this.#save(), { signal });
    this.text.addEventListener("input", () => this.#typed(), { signal });
    this.text.addEventListener("blur", () => this.#typing(false), { signal });
    this.text.addEventListener("keydown", (event) => this.#keyed(event), { signal });
    on("state", (state) => state === "live" && this.#sendPending(), signal);
    queueMicrotask(() => this.#showPending());
  }

  disconnectedCallback() {
    clearTimeout(this.#saving);
    this.#save();
    this.#typing(false);
    this.#stop.abort();
  }

  get ticket() {
    return this.dataset.ticket ?? "";
  }

  get form() {
    return /** @type {HTMLFormElement} */ (this.querySelector("form"));
  }

  get text() {
    return /** @type {HTMLTextAreaElement} */ (this.querySelector("textarea"));
  }

  get kind() {
    return String(new FormData(this.form).get("kind"));
  }

  /** @returns {import("./ticket-thread.js").TicketThread | null} */
  get thread() {
    return document.querySelector("ticket-thread");
  }

  #restore() {
    this.text.required = false;
    const draft = draftOf(this.ticket);
    if (!draft || this.text.value) return;
    this.text.value = draft.body;
    this.#choose(draft.kind);
    this.#hint(tell("draft_kept"));
  }

  /** @param {string} kind */
  #choose(kind) {
    const choice = this.form.querySelector(`input[name=kind][value="${CSS.escape(kind)}"]`);
    if (choice instanceof HTMLInputElement) choice.checked = true;
  }

  #save() {
    const body = this.text.value.trim() ? this.text.value : "";
    keepDraft(this.ticket, { body, kind: this.kind });
    this.#hint(body ? tell("draft_kept") : "");
  }

  #typed() {
    clearTimeout(this.#saving);
    this.#saving = setTimeout(() => this.#save(), SAVE_AFTER);
    this.#typing(this.text.value !== "");
  }

  /** A note is nobody's business: only answers say that somebody writes. @param {boolean} isTyping */
  #typing(isTyping) {
    clearTimeout(this.#quiet);
    const says = isTyping && this.kind !== "note";
    if (says && Date.now() - this.#saidTyping > TYPING_EVERY) {
      this.#saidTyping = Date.now();
      speak({ type: "typing", ticket: this.ticket, on: true });
    } else if (!says && this.#saidTyping) {
      this.#saidTyping = 0;
      speak({ type: "typing", ticket: this.ticket, on: false });
    }
    if (says) this.#quiet = setTimeout(() => this.#typing(false), 2 * TYPING_EVERY);
  }

  /** @param {KeyboardEvent} event */
  #keyed(event) {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    this.form.requestSubmit();
  }

  /** @param {SubmitEvent} event */
  #submitted(event) {
    event.preventDefault();
    const body = this.text.value.trimEnd();
    if (!body.trim()) {
      this.text.focus();
      return;
    }
    const force = event.submitter?.getAttribute("name") === "force";
    const item = { client_id: newId(), body, kind: this.kind, force, seen_seq: this.thread?.seen ?? 0 };
    this.text.value = "";
    this.#refuse();
    this.#save();
    this.#typing(false);
    this.#send(item);
    this.text.focus();
  }

  /** @param {Item} item */
  async #send(item) {
    keepPending(this.ticket, item);
    this.thread?.drawPending(item, "sending");
    emit("taken", this.ticket);
    const { client_id, body, kind, seen_seq, force } = item;
    const sent = fields({ client_id, body, kind, seen_seq: String(seen_seq), ...(force ? { force: "on" } : {}) });
    try {
      await ask(this.form.action, { body: sent });
      this.#stored(item);
    } catch (error) {
      this.#failed(item, /** @type {import("./lib/requests.js").RequestFailed} */ (error));
    }
  }

  /** @param {Item} item */
  #stored(item) {
    dropPending(this.ticket, item.client_id);
    const entry = this.thread?.entryOf(item.client_id);
    if (entry?.dataset.state === "sending") showState(entry, "stored");
    this.thread?.catchUp();
    emit("refresh");
  }

  /** @param {Item} item @param {import("./lib/requests.js").RequestFailed} error */
  #failed(item, error) {
    if (error.status === 0 || error.status >= 500 || error.status === 401) {
      this.#offerRetry(item);
      if (error.status === 401) emit("signed-out");
      return;
    }
    dropPending(this.ticket, item.client_id);
    this.thread?.entryOf(item.client_id)?.parentElement?.remove();
    this.#giveBack(item);
    if (error.body.code === "thread_moved") this.#moved(error.body.missed ?? []);
    else this.#refuse(error.message);
  }

  /** The text returns to its field, before whatever was begun meanwhile. @param {Item} item */
  #giveBack(item) {
    this.text.value = [item.body, this.text.value].filter(Boolean).join("\n\n");
    this.#choose(item.kind);
    this.#save();
  }

  /** @param {Item} item */
  #offerRetry(item) {
    const entry = this.thread?.drawPending(item, "failed");
    const again = element("button", "link-button", tell("try_again"));
    again.type = "button";
    again.addEventListener("click", () => this.#send(item));
    entry?.querySelector(".entry-state")?.append(again);
  }

  #showPending() {
    for (const item of pendingOf(this.ticket)) this.#offerRetry(item);
  }

  #sendPending() {
    for (const item of pendingOf(this.ticket)) {
      if (this.thread?.entryOf(item.client_id)?.dataset.state === "failed") this.#send(item);
    }
  }

  /** Show what the customer wrote meanwhile above the text, which is kept. @param {any[]} missed */
  #moved(missed) {
    const template = this.querySelector("template[data-moved]");
    const place = this.querySelector("[data-refused]");
    if (!(template instanceof HTMLTemplateElement) || !place) return;
    const box = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    const list = box.querySelector(".entries");
    for (const frame of missed) if (list && frame.type !== "activity" && frame.type !== "changed") appendEntry(list, drawEntry(frame));
    box.querySelector("[data-keep-writing]")?.addEventListener("click", () => {
      this.#refuse();
      this.text.focus();
    });
    place.replaceChildren(box);
    for (const frame of missed) this.thread?.take(frame);
    this.thread?.toNewest();
    place.querySelector("button")?.focus();
  }

  /** @param {string} [message] */
  #refuse(message = "") {
    const place = this.querySelector("[data-refused]");
    if (!place) return;
    if (!message) {
      place.replaceChildren();
      return;
    }
    const line = element("p", "problem");
    line.append(icon("circle-alert"), element("span", "", message));
    place.replaceChildren(line);
  }

  /** @param {string} words */
  #hint(words) {
    const place = this.querySelector("[data-draft-state]");
    if (place) place.textContent = words;
  }
}

customElements.define("reply-composer", ReplyComposer);
