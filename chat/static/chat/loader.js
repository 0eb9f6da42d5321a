// @ts-check
// One button on the host page, and an iframe of the desk behind it. Served as /widget.js.
(() => {
  "use strict";
  const script = /** @type {HTMLScriptElement | null} */ (document.currentScript ?? document.querySelector("script[data-site][src$='/widget.js']"));
  const early = window.SupportDesk?.q ?? [];
  if (!script || window.SupportDesk?.version) return;
  const { site = "", locale, side, accent } = script.dataset;
  const HOST = new URL(script.src).origin;
  /** @type {Record<string, string[]>} */ const WORDS = /*WORDS*/ {};
  const KEPT = `support-desk:${site}`;
  /** @type {Record<string, Function[]>} */ const listeners = {};
  let lang = locale || document.documentElement.lang || navigator.language;
  /** @type {string | null} */ let identity = null;
  /** @type {HTMLIFrameElement | undefined} */ let frame;
  let isReady = false, isOpen = false, unread = 0;

  const CSS = `:host{all:initial;position:fixed;inset:auto 24px 24px auto;z-index:2147483000;--accent:#005963;--on:#fff;
font:600 16px/1.4 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
:host(.start){inset:auto auto 24px 24px}[hidden]{display:none!important}
button{display:flex;align-items:center;gap:10px;box-sizing:border-box;min-width:56px;height:56px;padding:0 20px;border:0;
border-radius:16px;background:var(--accent);color:var(--on);font:inherit;cursor:pointer;position:relative;
box-shadow:0 0 0 1px rgb(10 30 35/8%),0 8px 24px rgb(10 30 35/22%)}
button.open{padding:0;justify-content:center}button:hover{filter:brightness(1.12)}button:focus-visible{outline:2px solid var(--accent);outline-offset:3px}
svg{width:24px;height:24px;fill:none;stroke:currentColor;stroke-width:1.75;stroke-linecap:round;stroke-linejoin:round}
b{position:absolute;top:-8px;inset-inline-end:-8px;min-width:24px;height:24px;box-sizing:border-box;padding:0 6px;border-radius:12px;
border:2px solid #fff;background:#a51d24;color:#fff;font-size:12px;line-height:20px;text-align:center;font-variant-numeric:tabular-nums}
div{position:fixed;inset:auto 24px 96px auto;width:400px;height:min(760px,100dvh - 120px);border-radius:16px;overflow:hidden;
background:Canvas;box-shadow:0 0 0 1px rgb(10 30 35/10%),0 16px 48px rgb(10 30 35/24%)}
:host(.start) div{inset:auto auto 96px 24px}
iframe{display:block;width:100%;height:100%;border:0}
@media(max-width:767px){div,:host(.start) div{inset:0 0 auto 0;width:auto;height:var(--seen,100dvh);border-radius:0;box-shadow:none;box-sizing:border-box;
padding:env(safe-area-inset-top) env(safe-area-inset-right) env(safe-area-inset-bottom) env(safe-area-inset-left)}
.open{display:none}:host{inset:auto 16px 16px auto}:host(.start){inset:auto auto 16px 16px}}
@media(prefers-reduced-motion:no-preference){div{transition:opacity .18s,transform .18s;@starting-style{opacity:0;transform:translateY(4px)}}}
@media(forced-colors:active){button,div{border:1px solid}}@media print{:host{display:none}}`;
  const BUBBLE = "M2.992 16.342a2 2 0 0 1 .094 1.167l-1.065 3.29a1 1 0 0 0 1.236 1.168l3.413-.998a2 2 0 0 1 1.099.092 10 10 0 1 0-4.777-4.719";
  const DOWN = "m6 9 6 6 6-6";

  const host = document.createElement("support-desk");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS);
  root.adoptedStyleSheets = [sheet];
  /** @template {keyof HTMLElementTagNameMap} K @param {K} tag @param {Node} parent */
  const make = (tag, parent) => parent.appendChild(document.createElement(tag));
  /** @param {string} tag @param {Node} parent */
  const shape = (tag, parent) => parent.appendChild(document.createElementNS("http://www.w3.org/2000/svg", tag));
  const panel = make("div", root);
  const button = make("button", root);
  const drawing = shape("svg", button);
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  const path = shape("path", drawing);
  const label = make("span", button);
  const badge = make("b", button);
  panel.hidden = true;
  button.type = "button";

  function words() {
    const tag = lang.toLowerCase().replace("_", "-");
    const chinese = /^zh.*(hant|tw|hk|mo)/.test(tag) ? "zh-hant" : "zh-hans";
    const code = [tag, tag.startsWith("zh") ? chinese : tag.split("-")[0], ...Object.keys(WORDS).filter((key) => key.startsWith(tag.slice(0, 2)))];
    return WORDS[code.find((key) => key in WORDS) ?? "en"] ?? ["Help", "Close help", "Help, unread messages: {n}", "Support chat"];
  }

  function draw() {
    const [help, close, fresh, title] = words();
    const isRtl = /^(ar|fa|he|ur)\b/.test(lang);
    host.lang = lang;
    host.dir = isRtl ? "rtl" : "ltr";
    host.className = (side ? side === "left" : isRtl) ? "start" : "";
    button.className = isOpen ? "open" : "";
    button.setAttribute("aria-expanded", String(isOpen));
    button.setAttribute("aria-label", isOpen ? close : unread ? fresh.replace("{n}", String(unread)) : help);
    path.setAttribute("d", isOpen ? DOWN : BUBBLE);
    label.textContent = help;
    label.hidden = isOpen;
    badge.textContent = unread > 99 ? "99+" : String(unread);
    badge.hidden = isOpen || !unread;
    panel.hidden = !isOpen;
    if (frame) frame.title = title;
  }

  function paint(colour = "") {
    if (!/^#[\da-f]{6}$/i.test(colour)) return;
    const [r, g, b] = [1, 3, 5].map((at) => (parseInt(colour.slice(at, at + 2), 16) / 255) ** 2.2);
    host.style.setProperty("--accent", colour);
    host.style.setProperty("--on", 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.3 ? "#101416" : "#fff");
  }

  /** @param {string} type @param {object} [fields] */
  function say(type, fields) {
    if (isReady) frame?.contentWindow?.postMessage({ desk: 1, type, ...fields }, HOST);
  }

  /** @param {string} name @param {unknown} [value] */
  function tell(name, value) {
    for (const listener of listeners[name] ?? []) listener(value);
  }

  function load() {
    if (frame) return;
    frame = document.createElement("iframe");
    frame.src = `${HOST}/widget/${encodeURIComponent(site)}/?lang=${encodeURIComponent(lang)}`;
    frame.allow = "clipboard-write";
    frame.addEventListener("load", () => {
      isReady = true;
      say("init", { open: isOpen, identity });
    });
    panel.append(frame);
    draw();
  }

  /** @param {boolean} on */
  function show(on) {
    if (on) load();
    if (on === isOpen) return;
    const hadFocus = root.activeElement;
    isOpen = on;
    draw();
    say(on ? "open" : "close");
    if (on) frame?.focus();
    else if (hadFocus) button.focus();
    tell(on ? "open" : "close");
  }

  /** @type {Record<string, (...rest: any[]) => unknown>} */
  const commands = {
    open: () => show(true),
    close: () => show(false),
    identify: (token) => {
      identity = String(token);
      say("identify", { token: identity });
    },
    logout: () => {
      identity = null;
      unread = 0;
      if (wasActive()) load();
      forget();
      say("logout");
      draw();
    },
    locale: (code) => {
      lang = String(code);
      say("locale", { code: lang });
      draw();
    },
    on: (name, listener) => (listeners[name] ??= []).push(listener),
  };

  /** @type {Record<string, (message: any) => unknown>} */
  const heard = {
    close: () => show(false),
    unread: ({ count }) => {
      unread = Math.max(0, Math.trunc(Number(count)) || 0);
      draw();
      tell("unread", unread);
    },
    active: () => keep(),
    identity: () => tell("identity"),
    ready: (message) => {
      lang = String(message.lang);
      if (!accent) paint(message.accent);
      draw();
      tell("ready");
    },
  };

  function keep() {
    try {
      localStorage.setItem(KEPT, "1");
    } catch {}
  }

  function forget() {
    try {
      localStorage.removeItem(KEPT);
    } catch {}
  }

  function wasActive() {
    try {
      return localStorage.getItem(KEPT);
    } catch {
      return null;
    }
  }

  addEventListener("message", ({ origin, source, data }) => {
    if (origin !== HOST || !frame || source !== frame.contentWindow || data?.desk !== 1) return;
    if (Object.hasOwn(heard, data.type)) heard[data.type](data);
  });
  button.addEventListener("click", () => show(!isOpen));
  root.addEventListener("keydown", (event) => /** @type {KeyboardEvent} */ (event).key === "Escape" && show(false));
  const seen = window.visualViewport;
  seen?.addEventListener("resize", () => host.style.setProperty("--seen", `${seen.height}px`));

  /** @type {ScriptApi} */
  const api = (name, ...rest) => (Object.hasOwn(commands, name) ? commands[name](...rest) : undefined);
  api.version = 1;
  window.SupportDesk = api;
  const begin = () => {
    document.body.append(host);
    paint(accent);
    draw();
    for (const call of early) api(...call);
    if (wasActive()) load();
  };
  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin);
})();
