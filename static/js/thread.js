// @ts-check
/**
 * Draws one entry of a thread from its JSON, the same for the customer's widget and the agents' console.
 *
 * Everything that a person wrote becomes text, never markup. The result carries classes only; each page brings its own
 * style. Icons are taken from `<template data-icon="name">` of the page and are left out where there is none.
 *
 * Texts used: `role_agent role_bot role_system role_customer you note_private removed_seed_phrase removed_private_key
 * removed_card_number removed_other message_removed message_changed file_scanning file_refused file_open` and, for
 * activity entries without a `text` of their own, `activity_<name>`, filled from the entry's `data` and `{name}`.
 */
import { say } from "./lib/words.js";
import { clock, fileSize } from "./lib/time.js";

/**
 * @typedef {{kind: string, name?: string, avatar?: string, id?: string | number, role?: string}} Author
 * @typedef {{id: string, name: string, type: string, size: number, image?: boolean, state?: string}} FileCard
 * @typedef {{
 *   type?: string, seq?: number, client_id?: string, author?: Author, body?: string | null, text?: string,
 *   language?: string, attachments?: FileCard[], created_at?: string, activity?: string,
 *   data?: Record<string, unknown>, revision?: number, of?: number, scrubbed?: string[],
 * }} EntryFrame
 * @typedef {(file: FileCard) => Promise<string>} LinkOf gives a fresh address of a file, below /files/
 * @typedef {{texts: import("./lib/words.js").Texts, own: boolean, linkOf?: LinkOf}} EntryOptions without `linkOf` files
 *   are named but cannot be opened
 */

const REMOVED = /\[removed: ([a-z_]+)\]/g;
const KINDS = new Set(["seed_phrase", "private_key", "card_number"]);

/**
 * One entry as an element: `article.entry` for what somebody wrote, `p.entry.entry-activity` for what happened.
 *
 * @param {EntryFrame} frame
 * @param {EntryOptions} options `own`: written by the person who reads
 * @returns {HTMLElement}
 */
export function renderEntry(frame, { texts, own, linkOf }) {
  if (frame.type === "activity" || frame.activity) return renderActivity(frame, texts);
  const kind = frame.type === "note" ? "note" : frame.author?.kind ?? "system";
  const entry = element("article", `entry entry-${kind}`);
  entry.classList.toggle("entry-own", own);
  if (frame.seq) entry.dataset.seq = String(frame.seq);
  if (frame.client_id) entry.dataset.clientId = frame.client_id;
  entry.append(renderAuthor(frame, kind, { texts, own }), renderBody(frame, texts));
  if (frame.attachments?.length) entry.append(renderFiles(frame.attachments, texts, linkOf));
  entry.append(renderMeta(frame, texts));
  return entry;
}

/**
 * Bring an entry that is already drawn to what a `changed` frame says: other text, or removed with its place kept.
 *
 * @param {HTMLElement} entry
 * @param {EntryFrame} change
 * @param {import("./lib/words.js").Texts} texts
 */
export function changeEntry(entry, change, texts) {
  entry.querySelector(".entry-body")?.replaceWith(renderBody(change, texts));
  entry.classList.toggle("entry-removed", change.body == null);
  if (change.body == null) entry.querySelector(".entry-files")?.remove();
  const mark = entry.querySelector(".entry-changed");
  if (mark) mark.textContent = change.body == null ? "" : say(texts, "message_changed");
}

/**
 * A copy of the page's icon of that name, hidden from screen readers; empty where the page has none.
 *
 * @param {string} name
 */
export function icon(name) {
  const template = document.querySelector(`template[data-icon="${CSS.escape(name)}"]`);
  const copy = template instanceof HTMLTemplateElement ? template.content.cloneNode(true) : document.createDocumentFragment();
  for (const svg of /** @type {DocumentFragment} */ (copy).querySelectorAll("svg")) svg.setAttribute("aria-hidden", "true");
  return /** @type {DocumentFragment} */ (copy);
}

/**
 * An element with a class and, if given, text.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} [className]
 * @param {string} [text]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

/**
 * Our language code as a page spells it: the script subtag in title case decides the shapes of Han characters.
 *
 * @param {string} code
 */
export function languageTag(code) {
  return code.replace(/-(hans|hant)\b/i, (whole, script) => `-${script[0].toUpperCase()}${script.slice(1).toLowerCase()}`);
}

/** @param {EntryFrame} frame @param {string} kind @param {EntryOptions} options */
function renderAuthor(frame, kind, { texts, own }) {
  const line = element("header", "entry-author");
  if (kind === "note") line.append(icon("lock"));
  if (kind === "bot") line.append(icon("bot"));
  const name = element("bdi", "entry-name", own ? say(texts, "you") : frame.author?.name || say(texts, `role_${kind}`));
  name.dir = "auto";
  line.append(name);
  const role = kind === "note" ? say(texts, "note_private") : say(texts, `role_${kind}`);
  if (role && role !== name.textContent && !own) line.append(element("span", "entry-role", role));
  return line;
}

/** @param {EntryFrame} frame @param {import("./lib/words.js").Texts} texts */
function renderBody(frame, texts) {
  const body = element("div", "entry-body");
  body.dir = "auto";
  if (frame.language) body.lang = languageTag(frame.language);
  if (frame.body == null) body.append(element("span", "entry-tombstone", say(texts, "message_removed")));
  else body.append(...bodyParts(frame.body, texts));
  body.hidden = frame.body === "";
  return body;
}

/** @param {string} text @param {import("./lib/words.js").Texts} texts @returns {(string | HTMLElement)[]} */
function bodyParts(text, texts) {
  /** @type {(string | HTMLElement)[]} */
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(REMOVED)) {
    const chip = element("span", "entry-removed-secret");
    chip.append(icon("eye-off"), say(texts, `removed_${KINDS.has(found[1]) ? found[1] : "other"}`));
    parts.push(text.slice(from, found.index), chip);
    from = found.index + found[0].length;
  }
  parts.push(text.slice(from));
  return parts.filter(Boolean);
}

/** @param {FileCard[]} files @param {import("./lib/words.js").Texts} texts @param {LinkOf} [linkOf] */
function renderFiles(files, texts, linkOf) {
  const list = element("ul", "entry-files");
  list.setAttribute("role", "list");
  for (const file of files) {
    const item = element("li");
    item.append(renderFile(file, texts, linkOf));
    list.append(item);
  }
  return list;
}

/** @param {FileCard} file @param {import("./lib/words.js").Texts} texts @param {LinkOf} [linkOf] */
function renderFile(file, texts, linkOf) {
  const state = file.state ?? "stored";
  const opens = Boolean(linkOf) && state === "stored";
  const card = opens ? element("button", "entry-file") : element("span", "entry-file");
  const name = element("bdi", "entry-file-name", file.name);
  name.dir = "auto";
  const facts = state === "stored" ? fileSize(file.size) : say(texts, `file_${state}`);
  card.append(icon(file.image ? "image" : "paperclip"), name, element("span", "entry-file-facts", facts));
  if (linkOf && card instanceof HTMLButtonElement) {
    card.type = "button";
    card.setAttribute("aria-label", say(texts, "file_open", { name: file.name }));
    card.addEventListener("click", () => openFile(file, linkOf));
    if (file.image) showWhenSeen(card, file, linkOf);
  }
  return card;
}

/** Put the picture into its card once it comes into view: links are short-lived. @param {HTMLElement} card @param {FileCard} file @param {LinkOf} linkOf */
function showWhenSeen(card, file, linkOf) {
  const watcher = new IntersectionObserver(async ([seen]) => {
    if (!seen.isIntersecting) return;
    watcher.disconnect();
    const url = await linkOf(file).catch(() => "");
    if (!isOurs(url)) return;
    const image = element("img", "entry-picture");
    image.alt = "";
    image.src = url;
    image.decoding = "async";
    image.addEventListener("load", () => card.prepend(image), { once: true });
  });
  watcher.observe(card);
}

/** Pictures open in a tab of their own, everything else is saved. @param {FileCard} file @param {LinkOf} linkOf */
async function openFile(file, linkOf) {
  const url = await linkOf(file).catch(() => "");
  if (!isOurs(url)) return;
  const link = element("a");
  link.href = url;
  link.rel = "noopener";
  if (file.image) link.target = "_blank";
  else link.download = file.name;
  link.click();
}

/** Only addresses of this desk's own file store are followed. @param {string} url */
function isOurs(url) {
  const parsed = new URL(url || ".", location.href);
  return parsed.origin === location.origin && parsed.pathname.startsWith("/files/");
}

/** @param {EntryFrame} frame @param {import("./lib/words.js").Texts} texts */
function renderMeta(frame, texts) {
  const line = element("footer", "entry-meta");
  if (frame.created_at) line.append(moment(frame.created_at));
  line.append(element("span", "entry-changed", frame.revision ? say(texts, "message_changed") : ""), element("span", "entry-state"));
  return line;
}

/** @param {EntryFrame} frame @param {import("./lib/words.js").Texts} texts */
function renderActivity(frame, texts) {
  const line = element("p", "entry entry-activity");
  if (frame.seq) line.dataset.seq = String(frame.seq);
  const words = frame.text || say(texts, `activity_${frame.activity ?? ""}`, { name: frame.author?.name ?? "", ...frame.data });
  const sentence = element("span", "entry-words", words);
  sentence.dir = "auto";
  if (frame.created_at) line.append(moment(frame.created_at), " ");
  line.append(sentence);
  return line;
}

/** @param {string} when */
function moment(when) {
  const time = element("time", "entry-time", clock(when));
  time.dateTime = when;
  return time;
}
