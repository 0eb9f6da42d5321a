// @ts-check
/**
 * A new chat rings: a card, three tones, the window's title, a desktop notice if allowed, and a word to screen readers.
 * It never takes the focus. Opening the chat anywhere ends the ringing everywhere.
 */
import { on } from "./lib/bus.js";
import { announce, tell } from "./lib/page.js";
import { isBlocked, isMuted, mute, ring, unlock } from "./lib/sound.js";
import { setRinging } from "./lib/title.js";
import { visit } from "./lib/visits.js";

const TIMES = 3;
const EVERY = 2_500;

class RingOffer extends HTMLElement {
  /** @type {Set<string>} */ #ringing = new Set();
  #stop = new AbortController();
  #left = 0;
  /** @type {number | undefined} */ #timer;
  /** @type {BroadcastChannel | null} */ #others = null;
  #open = "";
  /** @type {Map<string, number>} */ #taken = new Map();

  connectedCallback() {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    this.#others = new BroadcastChannel("console-ring");
    this.#others.addEventListener("message", (event) => this.#answered(String(event.data)), { signal });
    on("frame:assigned", (frame) => this.#assigned(frame.ticket), signal);
    on("frame:unassigned", (frame) => this.#answered(frame.ticket), signal);
    on("opened", (ticket) => this.#opened(ticket), signal);
    on("taken", (ticket) => this.#tellOthers(ticket), signal);
    on("rows", () => this.#describe(), signal);
    for (const name of ["pointerdown", "keydown"]) document.addEventListener(name, () => this.#touched(), { signal, passive: true });
    document.getElementById("sound")?.addEventListener("click", () => this.#toggleSound(), { signal });
    document.getElementById("notices")?.addEventListener("click", () => this.#askForNotices(), { signal });
    this.#showSettings();
  }

  disconnectedCallback() {
    this.#stop.abort();
    this.#others?.close();
    clearInterval(this.#timer);
    setRinging(0);
  }

  /** @param {string} ticket */
  #assigned(ticket) {
    const own = this.#taken.get(ticket) ?? 0;
    const isBefore = this.#open === ticket && document.visibilityState === "visible";
    if (isBefore || Date.now() - own < 10_000) return;
    this.#ringing.add(ticket);
    setRinging(this.#ringing.size);
    this.#draw();
    this.#ringThrice();
    this.#notify(ticket);
  }

  #ringThrice() {
    clearInterval(this.#timer);
    this.#left = TIMES;
    const once = () => {
      if (this.#left-- <= 0 || !this.#ringing.size) clearInterval(this.#timer);
      else ring();
    };
    once();
    this.#timer = setInterval(once, EVERY);
  }

  /** @param {string} ticket */
  #opened(ticket) {
    this.#open = ticket;
    if (this.#ringing.has(ticket)) this.#tellOthers(ticket);
  }

  /** @param {string} ticket */
  #tellOthers(ticket) {
    if (!ticket) return;
    this.#others?.postMessage(ticket);
    this.#answered(ticket);
  }

  /** @param {string} ticket */
  #answered(ticket) {
    this.#taken.set(ticket, Date.now());
    if (!this.#ringing.delete(ticket)) return;
    setRinging(this.#ringing.size);
    this.#draw();
  }

  #draw() {
    const ticket = Array.from(this.#ringing).at(-1);
    const template = document.querySelector("template[data-ring]");
    if (!ticket || !(template instanceof HTMLTemplateElement)) {
      this.replaceChildren();
      return;
    }
    const card = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    const link = card.querySelector("[data-ring-open]");
    if (link instanceof HTMLAnchorElement) link.href = `/console/tickets/${ticket}/?view=mine`;
    card.querySelector("[data-ring-later]")?.addEventListener("click", () => this.#answered(ticket));
    const more = card.querySelector("[data-ring-count]");
    if (more) more.textContent = this.#ringing.size > 1 ? String(this.#ringing.size) : "";
    this.dataset.ticket = ticket;
    this.dataset.described = "";
    this.replaceChildren(card);
    this.#describe();
  }

  /** The queue knows who it is as soon as it was fetched; until then the card says that somebody waits. */
  #describe() {
    if (!this.firstElementChild || this.dataset.described) return;
    const row = document.querySelector(`.queue-row[data-ticket="${CSS.escape(this.dataset.ticket ?? "")}"]`);
    const name = row?.querySelector(".name a")?.textContent?.trim() ?? "";
    if (!row) return;
    const said = (/** @type {string} */ part, /** @type {string} */ words) => {
      const place = this.querySelector(part);
      if (place) place.textContent = words;
    };
    this.dataset.described = "yes";
    said("[data-ring-name]", name);
    said("[data-ring-words]", row.querySelector(".words")?.textContent ?? "");
    const facts = Array.from(row.querySelectorAll(".mark .visually-hidden, .facts .visually-hidden"), (fact) => fact.textContent);
    said("[data-ring-facts]", facts.filter((fact) => fact && fact !== name).join(" · "));
    announce(tell("ring_announce", { name }), { now: true });
  }

  /** What others may read over a shoulder says nothing about the customer. @param {string} ticket */
  #notify(ticket) {
    if (document.visibilityState === "visible" || !("Notification" in window) || Notification.permission !== "granted") return;
    const notice = new Notification(tell("ring_title"), { body: tell("ring_notice"), tag: ticket });
    notice.onclick = () => {
      window.focus();
      visit(`/console/tickets/${ticket}/?view=mine`);
      notice.close();
    };
  }

  #touched() {
    unlock();
    setTimeout(() => this.#showSettings(), 200);
  }

  #toggleSound() {
    mute(!isMuted());
    unlock();
    ring();
    this.#showSettings();
  }

  async #askForNotices() {
    if ("Notification" in window) await Notification.requestPermission();
    this.#showSettings();
  }

  #showSettings() {
    const permission = "Notification" in window ? Notification.permission : "denied";
    showSetting("sound", !isMuted(), isMuted() ? "sound_off" : isBlocked() ? "sound_blocked" : "sound_on");
    showSetting("notices", permission === "granted", permission === "granted" ? "notices_on" : permission === "denied" ? "notices_denied" : "");
  }
}

/** @param {string} id @param {boolean} isOn @param {string} why */
function showSetting(id, isOn, why) {
  const button = document.getElementById(id);
  if (!button) return;
  button.setAttribute("aria-pressed", String(isOn));
  button.title = why ? tell(why) : "";
  const word = button.querySelector("[data-state]");
  if (word) word.textContent = tell(isOn ? "on" : "off");
}

customElements.define("ring-offer", RingOffer);
