// @ts-check
/** The order of entries on the page: where a day begins, and which entries of one author belong together. */
import { element } from "../js/thread.js";
import { dayName, isSameDay } from "../js/lib/time.js";

const RUN = 2 * 60 * 1000;

/**
 * Note on an entry what its neighbours need to know.
 *
 * @param {HTMLElement} entry
 * @param {{author?: {kind: string, name?: string}, created_at?: string, type: string}} frame
 */
export function describe(entry, { author, created_at, type }) {
  entry.dataset.at = created_at ?? "";
  entry.dataset.author = type === "message" ? `${author?.kind}:${author?.kind === "customer" ? "" : author?.name ?? ""}` : "";
}

/**
 * Settle what stands before an entry: a line for a new day, or nothing but the name that the entry before already carries.
 *
 * @param {HTMLElement} entry
 * @param {Element | null} before
 * @param {string} today
 */
export function joinTo(entry, before, today) {
  const previous = lastDated(before);
  const [at, was] = [entry.dataset.at, previous?.dataset.at];
  const isNewDay = Boolean(at) && (!was || !isSameDay(at ?? "", was));
  const isClose = Boolean(at && was) && Math.abs(Date.parse(at ?? "") - Date.parse(was ?? "")) < RUN;
  const isRun = Boolean(entry.dataset.author) && entry.dataset.author === previous?.dataset.author && isClose && !isNewDay;
  entry.classList.toggle("entry-follows", isRun);
  previous?.classList.toggle("entry-leads", isRun);
  if (isNewDay) entry.before(dayLine(at ?? "", today));
}

/** The nearest entry at or before an element; cards between them have no time of their own. @param {Element | null} from */
function lastDated(from) {
  for (let each = from; each; each = each.previousElementSibling) if (each instanceof HTMLElement && each.dataset.at) return each;
  return null;
}

/** @param {string} at @param {string} today */
function dayLine(at, today) {
  const line = element("p", "day", isSameDay(at, new Date()) ? today : dayName(at));
  line.dataset.at = at;
  return line;
}
