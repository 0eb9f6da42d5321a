// @ts-check
/** Shows how long a customer has been waiting; without script the server's text stays and is still true. */
import { shortSpan } from "../../js/lib/time.js";
import { tell } from "./lib/page.js";

/** @type {Set<WaitingClock>} */
const clocks = new Set();
/** @type {number | undefined} */
let timer;

class WaitingClock extends HTMLElement {
  connectedCallback() {
    clocks.add(this);
    timer ??= setInterval(() => clocks.forEach((clock) => clock.show()), 1000);
    this.show();
  }

  disconnectedCallback() {
    clocks.delete(this);
    if (clocks.size) return;
    clearInterval(timer);
    timer = undefined;
  }

  show() {
    const seconds = Math.max(0, (Date.now() - Date.parse(this.getAttribute("since") ?? "")) / 1000);
    if (Number.isNaN(seconds)) return;
    const words = spanWords(seconds);
    if (this.textContent !== words) this.textContent = words;
  }
}

/** @param {number} seconds */
function spanWords(seconds) {
  if (seconds < 3600) return shortSpan(seconds);
  if (seconds < 172_800) return tell("span_hours", { n: Math.floor(seconds / 3600) });
  return tell("span_days", { n: Math.floor(seconds / 86_400) });
}

customElements.define("waiting-clock", WaitingClock);
