// @ts-check
/**
 * Sentences come from the server, in the reader's language; scripts only fill in what changes.
 *
 * A sentence is a string with `{named}` places, or, where a count decides the form, a table from plural category
 * (`one`, `few`, `many`, `other` ...) to such strings.
 *
 * @typedef {string | Record<string, string>} Sentence
 * @typedef {Record<string, Sentence>} Texts
 */

/**
 * @param {string} sentence
 * @param {Record<string, unknown>} [values]
 */
export function fill(sentence, values = {}) {
  return sentence.replace(/\{(\w+)\}/g, (whole, name) => (Object.hasOwn(values, name) ? String(values[name]) : whole));
}

/**
 * The sentence of a key, filled in; `n` among the values chooses the plural form. Empty when the page has no such text.
 *
 * @param {Texts} texts
 * @param {string} key
 * @param {Record<string, unknown>} [values]
 */
export function say(texts, key, values = {}) {
  const sentence = Object.hasOwn(texts, key) ? texts[key] : "";
  if (typeof sentence === "string") return fill(sentence, values);
  const category = new Intl.PluralRules(document.documentElement.lang || "en").select(Number(values.n ?? 0));
  return fill(sentence[category] ?? sentence.other ?? "", values);
}

/**
 * The object in a `<script type="application/json" id="...">` of the page.
 *
 * @param {string} id
 */
export function readJson(id) {
  return JSON.parse(document.getElementById(id)?.textContent || "{}");
}
