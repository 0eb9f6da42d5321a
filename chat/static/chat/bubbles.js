// @ts-check
/** How a customer's own message looks on its way: sending, delivered, read, failed, and stored without a secret. */
import { element, icon, renderEntry } from "../js/thread.js";
import { say } from "../js/lib/words.js";

/**
 * @typedef {import("../js/lib/outbox.js").Item} Item
 * @typedef {import("../js/lib/words.js").Texts} Texts
 * @typedef {{retry: (clientId: string) => void, discard: (clientId: string) => void}} Choices
 */

const KINDS = new Set(["seed_phrase", "private_key", "card_number"]);
const ADVICE = new Map([["seed_phrase", "safety_wallet"], ["private_key", "safety_wallet"], ["card_number", "safety_card"]]);

/** A message that waits on this device. @param {Item} item @param {Texts} texts */
export function pendingBubble(item, texts) {
  const { client_id, body, attachments, at } = item;
  return renderEntry({ type: "message", client_id, author: { kind: "customer" }, body, attachments, created_at: at }, { texts, own: true });
}

/** Show where a waiting message stands. @param {HTMLElement} bubble @param {Item} item @param {Texts} texts @param {Choices} choices */
export function showPending(bubble, item, texts, choices) {
  if (!setState(bubble, item.state === "failed" ? "failed" : "sending")) return;
  const state = stateOf(bubble);
  if (item.state !== "failed") {
    state.replaceChildren(icon("spinner"), element("span", "", say(texts, "sending")));
    return;
  }
  const again = action(say(texts, "try_again"), () => choices.retry(item.client_id));
  const discard = action(say(texts, "discard"), () => choices.discard(item.client_id));
  const reason = element("span", "", [say(texts, "not_sent"), item.reason].filter(Boolean).join(" "));
  state.replaceChildren(icon("failed"), reason, again, discard);
}

/** The server has it; whether somebody read it yet. @param {HTMLElement} bubble @param {boolean} isRead @param {Texts} texts @param {boolean} isScrubbed */
export function showStored(bubble, isRead, texts, isScrubbed) {
  if (!setState(bubble, isRead ? "read" : "delivered")) return;
  stateOf(bubble).replaceChildren(icon(isRead ? "check-check" : "check"), element("span", "", say(texts, isRead ? "read" : "delivered")));
  if (!isScrubbed || bubble.querySelector(".entry-without")) return;
  bubble.querySelector(".entry-meta")?.append(element("span", "entry-without", say(texts, "stored_without")));
}

/** The server kept it without its secrets: so does this page, before the stored text arrives. @param {HTMLElement} bubble @param {string[]} kinds @param {Texts} texts */
export function hideSecrets(bubble, kinds, texts) {
  const frame = { type: "message", author: { kind: "customer" }, body: kinds.map((kind) => `[removed: ${kind}]`).join(" ") };
  const clean = renderEntry(frame, { texts, own: true }).querySelector(".entry-body");
  if (clean) bubble.querySelector(".entry-body")?.replaceWith(clean);
}

/** What to do now that a secret was typed. @param {string[]} kinds @param {Texts} texts */
export function safetyCard(kinds, texts) {
  const kind = kinds[0];
  const card = element("section", "safety");
  const title = element("h3", "safety-title");
  title.append(icon("shield-alert"), element("span", "", say(texts, `safety_${KINDS.has(kind) ? kind : "other"}`)));
  card.append(title, element("p", "safety-words", say(texts, ADVICE.get(kind) ?? "safety_any")));
  return card;
}

/** @param {HTMLElement} bubble @param {string} state @returns {boolean} whether it is another one now */
function setState(bubble, state) {
  if (bubble.dataset.state === state) return false;
  bubble.dataset.state = state;
  return true;
}

/** @param {HTMLElement} bubble */
function stateOf(bubble) {
  return /** @type {HTMLElement} */ (bubble.querySelector(".entry-state"));
}

/** @param {string} words @param {() => void} act */
function action(words, act) {
  const button = element("button", "entry-action", words);
  button.type = "button";
  button.addEventListener("click", act);
  return button;
}
