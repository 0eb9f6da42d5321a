// @ts-check
import { Part, setText } from "../part.js";
import { Uploads } from "../pending-files.js";

const TYPING_AGAIN = 3_000;
const TYPING_ENDS = 5_000;
const DRAFT = "draft";

/** Where the customer writes. What is typed survives a reload; Enter sends, Shift and Enter begin a line. */
export class SupportComposer extends Part {
  #toldAt = 0;
  /** @type {number | undefined} */ #pause;

  /** @param {import("../../js/lib/storage.js").Shelf} drafts of this tab only: nothing unsent outlives it */
  keepDrafts(drafts) {
    this.drafts = drafts;
  }

  begin() {
    this.field = /** @type {HTMLTextAreaElement} */ (this.piece("message"));
    this.files = new Uploads(this.piece("uploads"), this.conversation, this.texts, () => this.#changed());
    this.#restore();
    this.field.addEventListener("input", () => this.#typed());
    this.field.addEventListener("keydown", (event) => this.#pressed(event));
    this.field.addEventListener("blur", () => this.#stopTyping());
    this.field.addEventListener("paste", (event) => this.#pasted(event));
    this.piece("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.#takeFiles();
    this.on("state", () => this.#draw());
    this.on("forgotten", () => this.#empty());
    this.#draw();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#pause);
  }

  /** Put the cursor where one writes. */
  focusField() {
    this.field?.focus({ preventScroll: true });
  }

  #takeFiles() {
    const chosen = /** @type {HTMLInputElement} */ (this.piece("files"));
    this.piece("attach").addEventListener("click", () => chosen.click());
    chosen.addEventListener("change", () => {
      this.files?.add([...(chosen.files ?? [])]);
      chosen.value = "";
    });
    const options = { signal: this.signal };
    addEventListener("dragover", (event) => event.dataTransfer?.types.includes("Files") && event.preventDefault(), options);
    addEventListener("drop", (event) => this.#dropped(event), options);
  }

  #draw() {
    const { isTalking, agent, features, limits, isRefused } = this.conversation;
    const words = isTalking && agent ? this.say("write_to", { name: agent.name }) : this.say("write");
    if (this.field && this.field.placeholder !== words) this.field.placeholder = words;
    if (this.field) this.field.disabled = isRefused;
    this.piece("attach").hidden = !features.has("attachments");
    const types = Array.isArray(limits.file_types) ? limits.file_types.join(",") : "";
    /** @type {HTMLInputElement} */ (this.piece("files")).accept = types;
    this.#drawSend();
  }

  #drawSend() {
    const excess = Array.from(this.field?.value ?? "").length - (this.conversation.limits.body ?? 5_000);
    this.piece("error").hidden = excess <= 0 && !this.files?.problem;
    setText(this.piece("error"), excess > 0 ? this.say("too_long", { n: excess }) : this.files?.problem ?? "");
    const isSendable = (this.field?.value.trim() || this.files?.ready.length) && excess <= 0 && !this.files?.isBusy;
    this.piece("send").setAttribute("aria-disabled", String(!isSendable));
    return Boolean(isSendable);
  }

  #send() {
    if (!this.field || this.field.disabled || !this.#drawSend()) return;
    this.conversation.send(this.field.value, this.files?.take() ?? []);
    this.#empty();
    this.#stopTyping();
    this.focusField();
  }

  #empty() {
    if (this.field) this.field.value = "";
    this.files?.clear();
    this.#changed();
  }

  #changed() {
    if (this.field) this.field.dir = this.field.value ? "auto" : ""; // empty, it runs as the page does
    this.#fit();
    this.#keep();
    this.#drawSend();
  }

  #typed() {
    this.#changed();
    if (!this.field?.value) {
      this.#stopTyping();
      return;
    }
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => this.#stopTyping(), TYPING_ENDS);
    if (Date.now() - this.#toldAt < TYPING_AGAIN) return;
    this.#toldAt = Date.now();
    this.conversation.typing(true);
  }

  #stopTyping() {
    clearTimeout(this.#pause);
    if (this.#toldAt) this.conversation.typing(false);
    this.#toldAt = 0;
  }

  /** A key that ends the composition of a character is never a wish to send. @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.#send();
  }

  /** @param {ClipboardEvent} event */
  #pasted(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length || !this.conversation.features.has("attachments")) return;
    event.preventDefault();
    this.files?.add(files);
  }

  /** @param {DragEvent} event */
  #dropped(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    if (this.conversation.features.has("attachments")) this.files?.add([...event.dataTransfer.files]);
  }

  /** As high as what is written, where the browser does not do it by itself. */
  #fit() {
    if (!this.field || CSS.supports("field-sizing", "content")) return;
    this.field.style.setProperty("height", "auto");
    this.field.style.setProperty("height", `${this.field.scrollHeight}px`);
  }

  #keep() {
    const draft = { text: this.field?.value ?? "", files: this.files?.ready ?? [] };
    this.drafts?.set(DRAFT, draft.text || draft.files.length ? JSON.stringify(draft) : null);
  }

  #restore() {
    try {
      const draft = JSON.parse(this.drafts?.get(DRAFT) ?? "{}");
      if (this.field && typeof draft.text === "string") this.field.value = draft.text;
      if (Array.isArray(draft.files)) this.files?.restore(draft.files);
    } catch {
      this.drafts?.set(DRAFT, null);
    }
    this.#changed();
  }
}

customElements.define("support-composer", SupportComposer);
