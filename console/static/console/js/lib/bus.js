// @ts-check
/**
 * How the parts of the page hear of each other: frames of the socket by type, and its state. One per page.
 *
 * @typedef {{type: string} & Record<string, any>} Frame
 */

/** Events: `frame:<type>` with the frame as detail, `state` with "connecting", "live" or "away". */
export const bus = new EventTarget();

/**
 * @param {string} name
 * @param {(detail: any) => void} react
 * @param {AbortSignal} signal ends the listening
 */
export function on(name, react, signal) {
  bus.addEventListener(name, (event) => react(/** @type {CustomEvent} */ (event).detail), { signal });
}

/** @param {string} name @param {unknown} [detail] */
export function emit(name, detail) {
  bus.dispatchEvent(new CustomEvent(name, { detail }));
}

/** Say a frame to the socket; false while it is away. @type {(frame: Frame) => boolean} */
export let speak = () => false;

/** @param {(frame: Frame) => boolean} how */
export function speakThrough(how) {
  speak = how;
}
