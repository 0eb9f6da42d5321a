// @ts-check
/**
 * What an agent has begun to write, and what is on its way and not yet confirmed, kept on this device for each ticket.
 *
 * @typedef {{body: string, kind: string}} Draft
 * @typedef {{client_id: string, body: string, kind: string, force: boolean, seen_seq: number}} Item
 */
import { Shelf } from "../../../js/lib/storage.js";
import { me } from "./page.js";

const shelf = new Shelf(`console:${me.id}:`);

/** @param {string} ticket @returns {Draft | null} */
export function draftOf(ticket) {
  const kept = read(`draft:${ticket}`);
  return typeof kept?.body === "string" ? kept : null;
}

/** @param {string} ticket @param {Draft | null} draft */
export function keepDraft(ticket, draft) {
  shelf.set(`draft:${ticket}`, draft?.body ? JSON.stringify(draft) : null);
}

/** What was sent and has no answer yet, oldest first. @param {string} ticket @returns {Item[]} */
export function pendingOf(ticket) {
  const kept = read(`sending:${ticket}`);
  return Array.isArray(kept) ? kept.filter((item) => typeof item?.client_id === "string") : [];
}

/** @param {string} ticket @param {Item} item */
export function keepPending(ticket, item) {
  savePending(ticket, [...pendingOf(ticket).filter((other) => other.client_id !== item.client_id), item]);
}

/** @param {string} ticket @param {string} clientId */
export function dropPending(ticket, clientId) {
  savePending(ticket, pendingOf(ticket).filter((item) => item.client_id !== clientId));
}

/** The next person at this device finds nothing. */
export function forgetDraftsOnSignOut() {
  document.querySelector("form[data-forgets-drafts]")?.addEventListener("submit", () => shelf.clear());
}

/** @param {string} ticket @param {Item[]} items */
function savePending(ticket, items) {
  shelf.set(`sending:${ticket}`, items.length ? JSON.stringify(items) : null);
}

/** @param {string} name @returns {any} */
function read(name) {
  try {
    return JSON.parse(shelf.get(name) ?? "null");
  } catch {
    return null;
  }
}
