// @ts-check

/** An answer other than success, with the code that never changes and the sentence for the person. */
export class Refusal extends Error {
  /** @param {number} status @param {{code?: string, message?: string, retry_after?: number}} answer */
  constructor(status, answer) {
    super(answer.message ?? "");
    this.status = status;
    this.code = answer.code ?? "";
    this.retryAfter = answer.retry_after ?? 0;
  }

  /** Whether asking the same again can never succeed. */
  get isFinal() {
    return this.status >= 400 && this.status < 500 && ![401, 408, 429].includes(this.status);
  }
}

/**
 * Call the desk's own API. The token goes into a header, never into an address.
 *
 * @param {string} path
 * @param {{method?: string, body?: object, token?: string | null}} [options]
 * @returns {Promise<any>}
 * @throws {Refusal} for an answer that is not a success; TypeError when the network is away
 */
export async function callApi(path, { method = "GET", body, token } = {}) {
  const answer = await fetch(path, {
    method,
    headers: {
      Accept: "application/json",
      "Accept-Language": document.documentElement.lang,
      ...(body && { "Content-Type": "application/json" }),
      ...(token && { Authorization: `Bearer ${token}` }),
    },
    body: body && JSON.stringify(body),
    credentials: "omit",
    cache: "no-store",
  });
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refusal(answer.status, content?.error ?? content ?? {});
  return content;
}
