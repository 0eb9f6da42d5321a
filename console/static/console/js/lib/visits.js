// @ts-check
/**
 * Opening a ticket swaps the pane instead of the page, so that socket, queue and ring live on. Every link and form works
 * the same without it.
 */
import { emit } from "./bus.js";
import { setTitle } from "./title.js";

const HERE = /^\/console\/(tickets\/[0-9a-f-]{36}\/)?$/;
let latest = 0;

/** Make links and forms of the console swap the pane. */
export function startVisits() {
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
    if (!(link instanceof HTMLAnchorElement) || !opensHere(event, link)) return;
    event.preventDefault();
    visit(link.pathname + link.search);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || !(form instanceof HTMLFormElement) || !form.closest("#pane .thread-head")) return;
    event.preventDefault();
    send(form, event.submitter);
  });
  addEventListener("popstate", () => load(location.pathname + location.search));
}

/** @param {string} url */
export async function visit(url) {
  const here = location.pathname + location.search;
  if (await load(url)) {
    if (url !== here) history.pushState(null, "", url);
    focusThread();
  }
}

/** @param {HTMLFormElement} form @param {HTMLElement | null} submitter */
async function send(form, submitter) {
  if (form.dataset.state === "busy") return;
  form.dataset.state = "busy";
  const ticket = document.getElementById("pane")?.dataset.ticket;
  emit("taken", ticket);
  if (!(await load(form.action, new FormData(form, submitter)))) form.submit();
  emit("refresh");
}

/**
 * Fetch a page and take over its pane; the newest wish wins.
 *
 * @param {string} url
 * @param {FormData} [body]
 */
async function load(url, body) {
  const mine = ++latest;
  const pane = document.getElementById("pane");
  pane?.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(url, { method: body ? "POST" : "GET", body, headers: { Accept: "text/html" }, cache: "no-store" });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.getElementById("pane");
    if (mine !== latest) return true;
    if (!fresh) {
      location.assign(body ? location.href : url);
      return true;
    }
    pane?.replaceWith(document.adoptNode(fresh));
    setTitle(page.title);
    if (!fresh.dataset.ticket) emit("opened", "");
    return true;
  } catch {
    pane?.removeAttribute("aria-busy");
    if (!body) location.assign(url);
    return Boolean(!body);
  }
}

/** On phones the row that was pressed is gone: the thread's title takes the focus. On wide screens the queue keeps it. */
function focusThread() {
  if (document.activeElement && document.activeElement !== document.body) {
    if (/** @type {HTMLElement} */ (document.activeElement).offsetParent !== null) return;
  }
  document.getElementById("thread-title")?.focus();
}

/** @param {MouseEvent} event @param {HTMLAnchorElement} link */
function opensHere(event, link) {
  const plain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
  return plain && !event.defaultPrevented && !link.target && !link.hash && link.origin === location.origin && HERE.test(link.pathname);
}
