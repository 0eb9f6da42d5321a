// @ts-check
/** What the server gave this page: sentences, the reader, and the two voices for screen readers. */
import { readJson, say } from "../../../js/lib/words.js";

/** @type {import("../../../js/lib/words.js").Texts} */
export const texts = readJson("texts");

/** @type {{id: number, name: string}} */
export const me = readJson("me");

/** @param {string} key @param {Record<string, unknown>} [values] */
export function tell(key, values) {
  return say(texts, key, values);
}

/**
 * Say something to screen readers, politely or at once.
 *
 * @param {string} sentence
 * @param {{now?: boolean}} [how]
 */
export function announce(sentence, { now = false } = {}) {
  const voice = document.getElementById(now ? "says-now" : "says-politely");
  if (voice) voice.textContent = sentence;
}
