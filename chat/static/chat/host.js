// @ts-check
/**
 * The page around the iframe: a stranger that may say six things and hears four. Nothing about a person goes out.
 *
 * In:  `init {open, identity}` `open` `close` `identify {token}` `logout` `locale {code}`
 * Out: `ready {lang, accent}` `unread {count}` `active` `close` `identity`
 *
 * @typedef {{
 *   init: (open: boolean, identity: string | null) => void,
 *   open: () => void, close: () => void, identify: (token: string) => void, logout: () => void, locale: (code: string) => void,
 * }} Orders
 */

const LONGEST_TOKEN = 8192;

export class HostPage {
  /** The page that spoke first, once it proved to be one of the site's. @type {string | null} */ #origin = null;

  /** @param {string[]} origins exact origins that may embed this frame @param {Orders} orders */
  constructor(origins, orders) {
    this.origins = new Set(origins);
    this.orders = orders;
    addEventListener("message", (event) => this.#hear(event));
  }

  /** @param {"ready" | "unread" | "active" | "close" | "identity"} type @param {Record<string, string | number>} [fields] */
  tell(type, fields = {}) {
    if (this.#origin) parent.postMessage({ ...fields, desk: 1, type }, this.#origin);
  }

  /** @param {MessageEvent} event */
  #hear({ origin, source, data }) {
    if (source !== parent || !this.origins.has(origin) || data?.desk !== 1) return;
    this.#origin = origin;
    if (data.type === "init") this.orders.init(data.open === true, token(data.identity));
    else if (data.type === "open" || data.type === "close" || data.type === "logout") {
      /** @type {() => void} */ (this.orders[/** @type {"open" | "close" | "logout"} */ (data.type)])();
    } else if (data.type === "identify" && token(data.token)) this.orders.identify(data.token);
    else if (data.type === "locale" && isLanguage(data.code)) this.orders.locale(data.code);
  }
}

/** @param {unknown} value */
function token(value) {
  return typeof value === "string" && value.length <= LONGEST_TOKEN && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(value) ? value : null;
}

/** @param {unknown} value */
function isLanguage(value) {
  return typeof value === "string" && /^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$/.test(value) && value.length <= 64;
}
