// @ts-check
/** Brings the page to life: the conversation, its elements, and, in a frame, the page around it. */
import { readJson } from "../js/lib/words.js";
import { Shelf } from "../js/lib/storage.js";
import { Conversation } from "./conversation.js";
import "./elements/support-assurance.js";
import "./elements/support-banner.js";
import { SupportComposer } from "./elements/support-composer.js";
import { SupportHeader } from "./elements/support-header.js";
import "./elements/support-queue.js";
import "./elements/support-thread.js";
import { HostPage } from "./host.js";
import { Part } from "./part.js";
import { applyTheme } from "./theme.js";

const HOST_SPEAKS_WITHIN = 2_000;
const root = document.documentElement;
const settings = readJson("settings");
const texts = readJson("texts");
const prefix = `desk:${settings.site}:`;
const choices = new Shelf(`desk-choice:${settings.site}:`);
const conversation = new Conversation(settings.site, new Shelf(prefix));
const header = /** @type {SupportHeader} */ (document.querySelector("support-header"));
const composer = /** @type {SupportComposer} */ (document.querySelector("support-composer"));
let isOpen = !settings.framed;
let hasBegun = false;
let told = "";

/** The page again, in another language. @param {string} code */
function reloadIn(code) {
  const url = new URL(location.href);
  url.searchParams.set("lang", code);
  location.replace(url);
}

/** @param {string | null} identity */
function begin(identity = null) {
  if (hasBegun) return;
  hasBegun = true;
  conversation.session.identity = identity;
  conversation.start();
}

function watch() {
  conversation.watch(isOpen && document.visibilityState === "visible");
}

/** @param {boolean} on */
function setOpen(on) {
  isOpen = on;
  watch();
  if (on && !matchMedia("(pointer: coarse)").matches) composer.focusField(); // a keyboard would cover half a phone
}

/** What a host page, or an app around the full page, may ask for. */
const orders = {
  /** @param {boolean} open @param {string | null} identity */
  init: (open, identity) => {
    begin(identity);
    host?.tell("ready", { lang: root.lang, accent: root.dataset.accent ?? "" });
    told = "";
    tellHost();
    if (open) setOpen(true);
  },
  open: () => setOpen(true),
  close: () => setOpen(false),
  /** @param {string} token */
  identify: (token) => (hasBegun ? conversation.identify(token) : begin(token)),
  logout: () => {
    hasBegun = true;
    choices.clear();
    conversation.signOut();
  },
  /** @param {string} code */
  locale: (code) => {
    choices.set("language", null);
    reloadIn(code);
  },
};

const host = settings.framed && parent !== window ? new HostPage(settings.origins, orders) : null;

function tellHost() {
  if (!host) return;
  const count = conversation.reading.unread;
  const isActive = Boolean(conversation.ticket || conversation.customer?.verified);
  const news = `${count} ${isActive}`;
  if (news === told) return;
  told = news;
  host.tell("unread", { count });
  if (isActive) host.tell("active");
}

function start() {
  applyTheme(root);
  header.siteName = settings.name;
  composer.keepDrafts(new Shelf(prefix, "sessionStorage"));
  for (const part of document.querySelectorAll(":is(support-header, support-thread, support-queue, support-banner, support-composer, support-assurance)")) {
    /** @type {Part} */ (part).follow(conversation, texts);
  }
  conversation.addEventListener("state", tellHost);
  conversation.addEventListener("identity", () => host?.tell("identity"));
  document.addEventListener("visibilitychange", watch);
  document.addEventListener("write", () => composer.focusField());
  document.addEventListener("language", (event) => {
    const code = /** @type {CustomEvent} */ (event).detail;
    choices.set("language", code);
    reloadIn(code);
  });
  if (host) {
    header.offerClose(() => host.tell("close"));
    addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.isComposing && !document.querySelector(":popover-open")) host.tell("close");
    });
    setTimeout(begin, HOST_SPEAKS_WITHIN);
  } else {
    Object.assign(window, {
      /** @param {keyof typeof orders} name @param {any} [value] */
      SupportDesk: (name, value) => (["identify", "logout", "locale"].includes(name) ? /** @type {any} */ (orders[name])(value) : undefined),
    });
    begin();
    setOpen(true);
  }
}

const chosen = choices.get("language");
if (chosen && chosen !== root.lang && chosen !== new URL(location.href).searchParams.get("lang")) reloadIn(chosen);
else start();
