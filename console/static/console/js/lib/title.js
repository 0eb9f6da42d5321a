// @ts-check
/** The window's title: the page's own, with the number of chats that ring before it. */
import { tell } from "./page.js";

let own = document.title;
let ringing = 0;

/** @param {string} title */
export function setTitle(title) {
  own = title;
  show();
}

/** @param {number} count */
export function setRinging(count) {
  ringing = count;
  show();
}

function show() {
  document.title = ringing ? `${tell("title_ring", { n: ringing })} · ${own}` : own;
}
