// @ts-check
/** Requests of scripts: JSON, marked as made by the page itself where the person did nothing. */
import { tell } from "./page.js";

/** A request that was refused or did not arrive. `body` is what the desk answered, if it did. */
export class RequestFailed extends Error {
  /** @param {number} status 0 when the desk was not reached @param {Record<string, any>} body */
  constructor(status, body) {
    super(body.message || tell(status === 401 ? "signed_out" : "offline"));
    this.status = status;
    this.body = body;
  }
}

/**
 * @param {string} url
 * @param {{body?: BodyInit, background?: boolean, html?: boolean}} [how]
 * @returns {Promise<any>}
 */
export async function ask(url, { body, background = false, html = false } = {}) {
  /** @type {Record<string, string>} */
  const headers = { Accept: html ? "text/html" : "application/json" };
  if (background) headers["X-Desk-Background"] = "1";
  if (html) headers["HX-Request"] = "true";
  let response;
  try {
    response = await fetch(url, { method: body ? "POST" : "GET", body, headers, cache: "no-store" });
  } catch {
    throw new RequestFailed(0, {});
  }
  if (!response.ok) throw new RequestFailed(response.status, await response.json().catch(() => ({})));
  if (response.status === 204) return null;
  return html ? response.text() : response.json();
}

/** The fields of a form's CSRF protection with further ones. @param {Record<string, string>} fields */
export function fields(fields) {
  const token = document.querySelector("input[name=csrfmiddlewaretoken]");
  const data = new URLSearchParams(fields);
  if (token instanceof HTMLInputElement) data.set("csrfmiddlewaretoken", token.value);
  return data;
}
