// @ts-check
/**
 * The queue, kept true: fetched again when a frame says that something changed, and merged so that nothing moves under a
 * pointer or a focus. What should move is put in its place as soon as they have left.
 */
import { element } from "../../js/thread.js";
import { emit, on } from "./lib/bus.js";
import { tell } from "./lib/page.js";
import { ask } from "./lib/requests.js";

const NOT_BEFORE = 400;
const CALM = 1_500;
const CHANGES = ["assigned", "unassigned", "queue", "message", "activity", "welcome"];

class TicketList extends HTMLElement {
  #stop = new AbortController();
  /** @type {number | undefined} */ #due;
  /** @type {DocumentFragment | null} */ #held = null;
  #fetched = 0;
  #isFetching = false;

  connectedCallback() {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    for (const type of CHANGES) on(`frame:${type}`, () => this.refresh(), signal);
    on("poll", () => this.refresh(), signal);
    on("refresh", () => this.refresh(), signal);
    on("opened", (ticket) => this.#mark(ticket), signal);
    this.addEventListener("click", (event) => this.#chooseView(event), { signal });
    this.addEventListener("pointerleave", () => this.#release(), { signal });
    this.addEventListener("focusout", () => setTimeout(() => this.#release()), { signal });
    this.#mark(this.dataset.ticket ?? "");
  }

  disconnectedCallback() {
    this.#stop.abort();
    clearTimeout(this.#due);
  }

  /** Another view of the queue beside the same thread. @param {MouseEvent} event */
  #chooseView(event) {
    const link = event.target instanceof Element ? event.target.closest("a.queue-view") : null;
    if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.dataset.view = new URL(link.href).searchParams.get("view") ?? "mine";
    const here = new URL(location.href);
    here.searchParams.set("view", this.dataset.view);
    history.replaceState(null, "", here);
    for (const view of this.querySelectorAll("a.queue-view")) view.removeAttribute("aria-current");
    link.setAttribute("aria-current", "page");
    this.#fetch({ isAsked: true });
  }

  /** Fetch soon; many reasons within a moment are one request. */
  refresh() {
    clearTimeout(this.#due);
    const wait = Math.max(NOT_BEFORE, CALM - (Date.now() - this.#fetched));
    this.#due = setTimeout(() => this.#fetch(), wait);
  }

  async #fetch({ isAsked = false } = {}) {
    if (this.#isFetching) return this.refresh();
    clearTimeout(this.#due);
    this.#isFetching = true;
    this.#fetched = Date.now();
    try {
      const html = await ask(`${this.dataset.rows}?view=${this.dataset.view}`, { background: true, html: true });
      const page = new DOMParser().parseFromString(html, "text/html");
      const fresh = document.createDocumentFragment();
      fresh.append(...document.adoptNode(page.body).childNodes);
      this.#take(fresh, isAsked);
    } catch (error) {
      if (/** @type {import("./lib/requests.js").RequestFailed} */ (error).status === 401) emit("signed-out");
    } finally {
      this.#isFetching = false;
    }
  }

  /** @param {DocumentFragment} fresh @param {boolean} isAsked */
  #take(fresh, isAsked) {
    this.#updateCounts(fresh);
    const scroll = this.querySelector(".queue-scroll");
    const next = fresh.querySelector(".queue-scroll");
    if (!scroll || !next) return;
    if (!isAsked && this.#isTouched(scroll)) {
      this.#updateInPlace(scroll, next);
      this.#held = fresh;
    } else {
      this.#replace(scroll, next);
    }
  }

  /** @param {Element} scroll */
  #isTouched(scroll) {
    return scroll.matches(":hover") || scroll.contains(document.activeElement);
  }

  #release() {
    const scroll = this.querySelector(".queue-scroll");
    const next = this.#held?.querySelector(".queue-scroll");
    if (!scroll || !next || this.#isTouched(scroll)) return;
    this.#replace(scroll, next);
  }

  /** @param {Element} scroll @param {Element} next */
  #replace(scroll, next) {
    this.#held = null;
    const top = scroll.scrollTop;
    scroll.replaceWith(next);
    next.scrollTop = top;
    this.#mark(this.dataset.ticket ?? "");
    emit("rows");
  }

  /** New words in old places; what is new goes to the end, what is gone fades. @param {Element} scroll @param {Element} next */
  #updateInPlace(scroll, next) {
    const seen = new Set();
    for (const row of scroll.querySelectorAll(".queue-row")) {
      const ticket = row.getAttribute("data-ticket") ?? "";
      const fresh = next.querySelector(`.queue-row[data-ticket="${CSS.escape(ticket)}"]`);
      seen.add(ticket);
      row.toggleAttribute("data-gone", !fresh);
      if (fresh) updateRow(row, fresh);
    }
    scroll.querySelector(".empty")?.toggleAttribute("hidden", next.querySelector(".queue-row") !== null);
    for (const row of next.querySelectorAll(".queue-row")) {
      if (!seen.has(row.getAttribute("data-ticket"))) addRow(scroll, row);
    }
    this.#mark(this.dataset.ticket ?? "");
    emit("rows");
  }

  /** @param {DocumentFragment} fresh */
  #updateCounts(fresh) {
    const views = this.querySelectorAll(".queue-view small");
    const counts = fresh.querySelectorAll(".queue-view small");
    views.forEach((view, at) => (view.textContent = counts[at]?.textContent ?? ""));
    const held = fresh.querySelector(".queue-scroll")?.getAttribute("data-held");
    const load = document.querySelector("[data-load] b");
    if (load && held) load.textContent = held;
  }

  /** Show which ticket is open. @param {string} ticket */
  #mark(ticket) {
    this.dataset.ticket = ticket;
    for (const row of this.querySelectorAll(".queue-row")) {
      const isCurrent = ticket !== "" && row.getAttribute("data-ticket") === ticket;
      row.toggleAttribute("data-current", isCurrent);
      const link = row.querySelector(".name a");
      if (isCurrent) link?.setAttribute("aria-current", "true");
      else link?.removeAttribute("aria-current");
    }
  }
}

/** The link keeps its place and its focus; only what it says changes. @param {Element} row @param {Element} fresh */
function updateRow(row, fresh) {
  for (const name of ["data-unread", "data-waits"]) row.toggleAttribute(name, fresh.hasAttribute(name));
  for (const part of [".clock", ".facts", ".words", ".mark"]) {
    const now = fresh.querySelector(part);
    if (now && row.querySelector(part)?.outerHTML !== now.outerHTML) row.querySelector(part)?.replaceWith(now.cloneNode(true));
  }
  const link = row.querySelector(".name a");
  const name = fresh.querySelector(".name a");
  if (link && name && link.textContent !== name.textContent) link.replaceChildren(...name.cloneNode(true).childNodes);
}

/** What came while somebody reads the list waits at its end, under a heading of its own. @param {Element} scroll @param {Element} row */
function addRow(scroll, row) {
  let arrived = scroll.querySelector("[data-group=arrived]");
  if (!arrived) {
    arrived = element("section", "queue-group");
    arrived.setAttribute("data-group", "arrived");
    const list = element("ul");
    list.setAttribute("role", "list");
    arrived.append(element("h2", "", tell("arrived")), list);
    scroll.append(arrived);
  }
  arrived.querySelector("ul")?.append(row.cloneNode(true));
}

customElements.define("ticket-list", TicketList);
