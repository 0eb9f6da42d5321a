// @ts-check
/** The tone for a new chat: two soft notes, made by the browser. Muting is remembered on this device. */
import { Shelf } from "../../../js/lib/storage.js";

const shelf = new Shelf("console:sound:");
/** @type {AudioContext | null} */
let audio = null;

export function isMuted() {
  return shelf.get("muted") !== null;
}

/** @param {boolean} muted */
export function mute(muted) {
  shelf.set("muted", muted ? "1" : null);
}

/** Browsers let a page sound only after the person has touched it. */
export function unlock() {
  audio ??= new AudioContext();
  if (audio.state === "suspended") audio.resume().catch(() => {});
}

/** Whether a tone would be heard now. */
export function isBlocked() {
  return !isMuted() && audio?.state !== "running";
}

/** Play the tone once; nothing happens while muted or blocked. */
export function ring() {
  if (isMuted() || !audio || audio.state !== "running") return;
  note(audio, 660, 0);
  note(audio, 880, 0.16);
}

/** @param {AudioContext} context @param {number} pitch @param {number} after seconds */
function note(context, pitch, after) {
  const begin = context.currentTime + after;
  const tone = context.createOscillator();
  const loudness = context.createGain();
  tone.frequency.value = pitch;
  loudness.gain.setValueAtTime(0, begin);
  loudness.gain.linearRampToValueAtTime(0.18, begin + 0.02);
  loudness.gain.exponentialRampToValueAtTime(0.001, begin + 0.45);
  tone.connect(loudness).connect(context.destination);
  tone.start(begin);
  tone.stop(begin + 0.5);
}
