// @ts-check
/** The demo exchange's own script: what an exchange would do to say who is signed in, in which language. */

const KEPT = "larkfield-demo-customer";

const form = /** @type {HTMLFormElement} */ (document.querySelector("[data-demo]"));
const customer = /** @type {HTMLSelectElement} */ (form.querySelector("[data-customer]"));
const language = /** @type {HTMLSelectElement} */ (form.querySelector("[data-language]"));

/** The public script may come later than this one: what is said before waits in its queue. @param {[name: string, ...rest: any[]]} call */
function desk(...call) {
  if (!window.SupportDesk) {
    /** @type {ScriptApi} */
    const early = (...rest) => (early.q ??= []).push(rest);
    window.SupportDesk = early;
  }
  window.SupportDesk(...call);
}

/** An exchange's page would get this from the exchange's server, for whoever is signed in there. */
async function identify() {
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form), credentials: "same-origin" });
  if (answer.ok) desk("identify", (await answer.json()).token);
}

customer.value = sessionStorage.getItem(KEPT) ?? "";
if (customer.value) identify();
desk("on", "identity", () => customer.value && identify());

customer.addEventListener("change", async () => {
  const before = sessionStorage.getItem(KEPT);
  sessionStorage.setItem(KEPT, customer.value);
  if (before) desk("logout");
  if (customer.value) await identify();
});

language.addEventListener("change", () => {
  const url = new URL(location.href);
  url.searchParams.set("lang", language.value);
  desk("locale", language.value);
  location.assign(url);
});
