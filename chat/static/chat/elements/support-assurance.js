// @ts-check
import { element, icon } from "../../js/thread.js";
import { Part } from "../part.js";

/** The way to a person, and what the server knows of who writes. */
export class SupportAssurance extends Part {
  begin() {
    this.on("state", () => this.#draw());
    this.piece("human").addEventListener("click", (event) => this.askForHuman(event));
    this.#draw();
  }

  #draw() {
    const { isQueued, isTalking, customer, features } = this.conversation;
    this.piece("human").hidden = isQueued || isTalking || !features.has("human");
    this.#fill("talk", isQueued ? "hourglass" : "user-check", isQueued ? "talk_waiting" : isTalking ? "talk_with" : "");
    this.#fill("badge", customer?.verified ? "badge-check" : "user-x", customer ? (customer.verified ? "verified" : "anonymous") : "");
    this.piece("badge").classList.toggle("badge-verified", Boolean(customer?.verified));
  }

  /** @param {string} name @param {string} drawing @param {string} key empty hides it */
  #fill(name, drawing, key) {
    const part = this.piece(name);
    part.hidden = !key;
    if (part.dataset.key === key) return;
    part.dataset.key = key;
    part.replaceChildren(icon(drawing), element("span", "", key && this.say(key)));
  }
}

customElements.define("support-assurance", SupportAssurance);
