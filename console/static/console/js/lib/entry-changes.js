// @ts-check
/**
 * Correcting and removing entries. The menu of an entry holds links to forms on pages of their own; here those forms are
 * shown in the page's dialog and sent from there. What changed comes back as a frame, like everybody else's changes.
 */
import { element, icon } from "../../../js/thread.js";
import { emit } from "./bus.js";
import { announce, tell } from "./page.js";
import { ask } from "./requests.js";

let isBusy = false;

/** Give an entry that a script drew the menu that the server gives its own. @param {HTMLElement} entry @param {{own: boolean}} whose */
export function offerMenu(entry, { own }) {
  const template = document.querySelector("template[data-entry-menu]");
  const { seq } = entry.dataset;
  if (!(template instanceof HTMLTemplateElement) || !seq || entry.classList.contains("entry-activity")) return;
  const menu = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  const links = /** @type {NodeListOf<HTMLAnchorElement>} */ (menu.querySelectorAll("a[data-change]"));
  for (const link of links) {
    if (link.dataset.change === "edit" && !own) link.remove();
    else link.setAttribute("href", (link.getAttribute("href") ?? "").replace("/entries/0/", `/entries/${seq}/`));
  }
  entry.id = `entry-${seq}`;
  if (menu.querySelector("a[data-change]")) entry.querySelector(".entry-meta")?.append(menu);
}

/** Let the links of entries' menus open their forms in the dialog. */
export function startEntryChanges() {
  const dialog = document.getElementById("change");
  if (!(dialog instanceof HTMLDialogElement)) return;
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[data-change]") : null;
    if (!(link instanceof HTMLAnchorElement) || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    open(dialog, link);
  });
  dialog.addEventListener("click", (event) => {
    if (!(event.target instanceof Element) || !event.target.closest("[data-cancel]")) return;
    event.preventDefault();
    dialog.close();
  });
  dialog.addEventListener("submit", (event) => {
    event.preventDefault();
    if (event.target instanceof HTMLFormElement) send(dialog, event.target);
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) dialog.querySelector("form")?.requestSubmit();
  });
  dialog.addEventListener("close", () => closed(dialog));
}

/** @param {HTMLDialogElement} dialog @param {HTMLAnchorElement} link */
async function open(dialog, link) {
  const form = await formAt(link.href);
  if (!form) return location.assign(link.href);
  const menu = link.closest("details");
  menu?.removeAttribute("open");
  menu?.querySelector("summary")?.focus();
  dialog.replaceChildren(document.adoptNode(form));
  if (!dialog.open) dialog.showModal();
}

/** The form of a page; null where the desk refuses it, so that its page can say why. @param {string} url */
async function formAt(url) {
  try {
    const page = new DOMParser().parseFromString(await ask(url, { html: true }), "text/html");
    return page.getElementById("change-form");
  } catch {
    return null;
  }
}

/** @param {HTMLDialogElement} dialog @param {HTMLFormElement} form */
async function send(dialog, form) {
  if (isBusy) return;
  isBusy = true;
  complain(form, "");
  try {
    const sent = new FormData(form);
    await ask(form.action, { body: new URLSearchParams([...sent].map(([name, value]) => [name, String(value)])) });
    announce(tell(`change_${form.dataset.done}`));
    dialog.close();
    emit("poll");
  } catch (error) {
    complain(form, reasonOf(/** @type {import("./requests.js").RequestFailed} */ (error)));
  } finally {
    isBusy = false;
  }
}

/** @param {import("./requests.js").RequestFailed} error */
function reasonOf({ status, body }) {
  return status === 401 ? tell("change_signed_out") : body?.message || tell("change_failed");
}

/** @param {HTMLFormElement} form @param {string} reason */
function complain(form, reason) {
  const line = element("p", "problem");
  line.append(icon("circle-alert"), element("span", "", reason));
  form.querySelector("[data-problem]")?.replaceChildren(...(reason ? [line] : []));
}

/** Words that are gone leave no menu to return to: the thread takes the focus. @param {HTMLDialogElement} dialog */
function closed(dialog) {
  dialog.replaceChildren();
  const thread = document.querySelector("ticket-thread .thread-scroll");
  if (document.activeElement === document.body && thread instanceof HTMLElement) thread.focus();
}
