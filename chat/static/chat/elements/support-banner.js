// @ts-check
import { Part, setText } from "../part.js";

const PATIENCE = 1_500;

/** Says that the link is away, once it has been away long enough to matter, and takes the server's notices. */
export class SupportBanner extends Part {
  /** @type {number | undefined} */ #timer;
  #notice = "";

  begin() {
    this.on("state", () => this.#draw());
    this.on("notice", ({ text }) => this.#show(text));
    this.#draw();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  #draw() {
    const isAway = this.conversation.link.state === "reconnecting" && !this.conversation.isRefused;
    this.classList.toggle("banner-away", isAway);
    if (!isAway) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#set(this.#notice);
    } else {
      this.#timer ??= setTimeout(() => this.#set(this.say("reconnecting")), PATIENCE);
    }
  }

  /** A sentence of the server that belongs to no message; it stays until the next frame that changes something for long enough to read. @param {string} text */
  #show(text) {
    this.#notice = text;
    this.#set(text);
    setTimeout(() => {
      if (this.#notice === text) this.#notice = "";
      this.#draw();
    }, 10_000);
  }

  /** @param {string} words */
  #set(words) {
    this.hidden = !words;
    setText(this.piece("words"), words);
  }
}

customElements.define("support-banner", SupportBanner);
