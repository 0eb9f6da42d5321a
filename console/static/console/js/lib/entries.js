// @ts-check
/** Entries as the console draws them: the shared drawing, and beside it what only agents see. */
import { changeEntry, element, icon, renderEntry } from "../../../js/thread.js";
import { clock, dayName, isSameDay } from "../../../js/lib/time.js";
import { me, tell, texts } from "./page.js";

const RUN = 120_000;
const VERIFIED = new Set(["jwt", "jwt+stepup"]);
const ICONS = {
  handed_over: "hand", asked_again: "hand", assigned: "user-check", waiting: "hourglass", solved: "circle-check",
  closed: "archive", requeued: "rotate-ccw", returned: "rotate-ccw", reopened: "rotate-ccw",
};

export { changeEntry };

/** @param {any} frame */
export function isOwn(frame) {
  return frame.author?.kind === "agent" && Number(frame.author.id) === me.id;
}

/**
 * An entry as a list item.
 *
 * @param {any} frame
 * @returns {HTMLElement} the entry itself; its parent is the list item
 */
export function drawEntry(frame) {
  const own = isOwn(frame);
  const entry = renderEntry(described(frame), { texts, own });
  if (frame.public_seq) entry.dataset.publicSeq = String(frame.public_seq);
  if (entry.classList.contains("entry-activity")) decorateActivity(entry, frame);
  else decorateWords(entry, frame, own);
  element("li").append(entry);
  return entry;
}

/** Show the server's times in the reader's own zone. @param {ParentNode} inside */
export function localiseTimes(inside) {
  for (const time of inside.querySelectorAll("time.entry-time")) {
    time.textContent = clock(/** @type {HTMLTimeElement} */ (time).dateTime);
  }
  for (const line of inside.querySelectorAll(".day")) {
    const first = line.nextElementSibling?.querySelector("time.entry-time");
    if (first instanceof HTMLTimeElement) line.replaceWith(dayLine(new Date(first.dateTime)));
  }
}

/** Put an entry at the end of a list: with the day above it, and without the name in a run. @param {Element} list @param {HTMLElement} entry */
export function appendEntry(list, entry) {
  const before = Array.from(list.querySelectorAll(".entry")).at(-1);
  const now = momentOf(entry);
  const then = before ? momentOf(before) : null;
  if (now && (!then || !isSameDay(then, now))) list.append(dayLine(now));
  const follows = before && then && now && sameAuthor(before, entry) && now.getTime() - then.getTime() < RUN;
  entry.classList.toggle("entry-run", Boolean(follows));
  if (entry.parentElement) list.append(entry.parentElement);
}

/** @param {HTMLElement} entry @param {"sending" | "failed" | "stored" | "read" | ""} state */
export function showState(entry, state) {
  if (state) entry.dataset.state = state;
  else delete entry.dataset.state;
  const place = entry.querySelector(".entry-state");
  if (!place) return;
  const shapes = { sending: "loader", failed: "circle-alert", stored: "check", read: "check-check" };
  const words = { sending: "sending", failed: "not_sent", stored: "stored", read: "read" };
  place.replaceChildren(...(state ? [icon(shapes[state]), tell(words[state])] : []));
}

/** A new kind of activity has no sentence of its own yet. @param {any} frame */
function described(frame) {
  if (frame.type !== "activity") return frame;
  const name = frame.author?.name || tell(`role_${frame.author?.kind ?? "system"}`);
  const known = tell(`activity_${frame.activity}`, { ...frame.data, name });
  return { ...frame, text: known || tell("activity_unknown") };
}

/** @param {HTMLElement} line @param {any} frame */
function decorateActivity(line, frame) {
  const shape = icon(Object.hasOwn(ICONS, frame.activity) ? ICONS[/** @type {keyof typeof ICONS} */ (frame.activity)] : "info");
  line.querySelector(".entry-words")?.before(shape);
}

/** The badge comes from the server's `assurance` alone; a note says who reads it, whoever wrote it. @param {HTMLElement} entry @param {any} frame @param {boolean} own */
function decorateWords(entry, frame, own) {
  const author = entry.querySelector(".entry-author");
  if (!author) return;
  if (frame.type === "note" && own) author.append(element("span", "entry-role", tell("note_private")));
  const words = frame.author?.kind === "customer" ? tell(`assurance_${frame.assurance}`) : "";
  if (!words) return;
  author.querySelector(".entry-role")?.remove();
  const verified = VERIFIED.has(frame.assurance);
  const badge = element("span", "assurance");
  badge.dataset.verified = verified ? "yes" : "no";
  badge.append(icon(verified ? "badge-check" : "user-x"), words);
  author.append(badge);
}

/** @param {Element} entry */
function momentOf(entry) {
  const time = entry.querySelector("time.entry-time");
  return time instanceof HTMLTimeElement ? new Date(time.dateTime) : null;
}

/** @param {Element} before @param {Element} entry */
function sameAuthor(before, entry) {
  if (entry.classList.contains("entry-activity")) return false;
  const name = (/** @type {Element} */ one) => one.querySelector(".entry-author")?.textContent?.trim();
  const kind = (/** @type {Element} */ one) => Array.from(one.classList).filter((word) => word !== "entry-run").join(" ");
  return kind(before) === kind(entry) && name(before) === name(entry);
}

/** @param {Date} moment */
function dayLine(moment) {
  const line = element("li", "day");
  const time = element("time", "", dayName(moment));
  time.dateTime = moment.toISOString().slice(0, 10);
  line.append(time);
  return line;
}
