// @ts-check
/** Single keys for what agents do all day. They rest while a text field, a menu or a dialog is in use, and can be switched off. */
import { Shelf } from "../../../js/lib/storage.js";
import { visit } from "./visits.js";

const shelf = new Shelf("console:keys:");

/** @type {Record<string, () => boolean>} */
const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  a: () => press("[data-ring-open]"),
  r: () => compose("agent"),
  n: () => compose("note"),
  e: () => press("#solve button"),
  i: () => togglePanel(),
  "/": () => focusOn("[data-search]"),
  "?": () => openHelp(),
};

/** Listen for keys, and for the button and the switch that belong to them. */
export function startKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (event.key === "Escape" && event.target instanceof HTMLTextAreaElement) event.target.blur();
    else if (isOn() && !isBusy(event.target) && KEYS[event.key.toLowerCase()]?.()) event.preventDefault();
  });
  document.querySelector("[data-opens=keys]")?.addEventListener("click", openHelp);
  const toggle = document.getElementById("keys-on");
  if (toggle instanceof HTMLInputElement) {
    toggle.checked = isOn();
    toggle.addEventListener("change", () => shelf.set("off", toggle.checked ? null : "1"));
  }
}

function isOn() {
  return shelf.get("off") === null;
}

/** @param {EventTarget | null} target */
function isBusy(target) {
  if (!(target instanceof HTMLElement)) return false;
  const types = target instanceof HTMLInputElement ? !["radio", "checkbox", "button", "submit"].includes(target.type) : false;
  return types || target.isContentEditable || Boolean(target.closest("textarea, select, dialog[open], details.menu[open]"));
}

/** Move the focus through the queue; on phones the queue is its own page. @param {number} by */
function step(by) {
  const links = /** @type {HTMLAnchorElement[]} */ (Array.from(document.querySelectorAll(".queue-row .name a")));
  if (!links.length) return false;
  const at = links.findIndex((link) => link === document.activeElement);
  const current = at >= 0 ? at : links.findIndex((link) => link.closest("[data-current]"));
  const next = links[Math.min(links.length - 1, Math.max(0, current < 0 ? (by > 0 ? 0 : links.length - 1) : current + by))];
  if (next.offsetParent === null) visit(next.pathname + next.search);
  else next.focus();
  next.closest("li")?.scrollIntoView({ block: "nearest" });
  return true;
}

/** @param {string} kind */
function compose(kind) {
  const choice = document.querySelector(`reply-composer input[name=kind][value=${kind}]`);
  if (!(choice instanceof HTMLInputElement)) return false;
  choice.checked = true;
  choice.dispatchEvent(new Event("change", { bubbles: true }));
  return focusOn("reply-composer textarea");
}

/** @param {string} selector */
function press(selector) {
  const button = document.querySelector(selector);
  if (!(button instanceof HTMLElement)) return false;
  button.click();
  return true;
}

/** @param {string} selector */
function focusOn(selector) {
  const field = document.querySelector(selector);
  if (!(field instanceof HTMLElement)) return false;
  field.focus();
  return true;
}

function togglePanel() {
  const panel = document.getElementById("panel");
  if (!panel || getComputedStyle(panel).position === "static") return false;
  panel.togglePopover();
  return true;
}

function openHelp() {
  const help = document.getElementById("keys");
  if (!(help instanceof HTMLDialogElement) || help.open) return false;
  help.showModal();
  return true;
}
