// @ts-check
import { element, icon } from "../../js/thread.js";
import { Part, setText } from "../part.js";

/** Who one talks to: the site's support, or the agent with name and role. Holds the menu with languages and the end. */
export class SupportHeader extends Part {
  siteName = "";

  begin() {
    this.on("state", () => this.#draw());
    this.piece("end").addEventListener("click", () => {
      this.conversation.end();
      /** @type {HTMLElement} */ (this.querySelector("#menu")).hidePopover();
    });
    for (const link of this.querySelectorAll("[data-language]")) link.addEventListener("click", (event) => this.#choose(event));
    this.#draw();
  }

  /** Show the button that closes the frame. @param {() => void} close */
  offerClose(close) {
    this.piece("close").hidden = false;
    this.piece("close").addEventListener("click", close);
  }

  #draw() {
    const { agent, isTalking, isOpen } = this.conversation;
    const title = this.piece("title");
    const shown = isTalking && agent ? agent : null;
    this.classList.toggle("bar-agent", Boolean(shown));
    setText(title, shown ? shown.name : title.dataset.support ?? "");
    setText(this.piece("mark"), shown ? initials(shown.name) : this.siteName.slice(0, 1).toUpperCase());
    this.#drawLine(shown ? this.say("agent_of", { site: this.siteName }) : this.#line(), Boolean(shown));
    this.piece("end").hidden = !isOpen;
    this.piece("menu-languages").hidden = isOpen;
    this.piece("menu-more").hidden = !isOpen;
  }

  #line() {
    const { link, ticket, isRefused, isQueued } = this.conversation;
    if (isRefused) return this.say("refused");
    if (link.state === "connecting" && !ticket) return this.say("connecting");
    if (isQueued) return this.say("line_queued");
    return this.say(ticket ? `line_${ticket.status}` : "line_ready");
  }

  /** @param {string} words @param {boolean} isAgent */
  #drawLine(words, isAgent) {
    const line = this.piece("line");
    if (line.textContent === words && line.classList.contains("bar-role") === isAgent) return;
    line.classList.toggle("bar-role", isAgent);
    line.replaceChildren(...(isAgent ? [icon("badge-check")] : []), element("span", "", words));
  }

  /** The choice is kept on the device; the page comes again in that language. @param {Event} event */
  #choose(event) {
    event.preventDefault();
    const code = /** @type {HTMLElement} */ (event.currentTarget).dataset.language ?? "";
    this.dispatchEvent(new CustomEvent("language", { detail: code, bubbles: true }));
  }
}

/** At most two first letters, by what readers of any script see as letters. @param {string} name */
function initials(name) {
  const letters = name.split(/\s+/).filter((word) => /^\p{L}/u.test(word)).map((word) => Array.from(word)[0].toUpperCase());
  return [...new Set([letters[0], letters.length > 1 ? letters[letters.length - 1] : ""])].join("");
}

customElements.define("support-header", SupportHeader);
