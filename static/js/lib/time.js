// @ts-check

/** Digits stay Western everywhere: beside amounts and ticket numbers two kinds of digits would be misread. */
function locale() {
  return new Intl.Locale(document.documentElement.lang || "en", { numberingSystem: "latn" });
}

/**
 * Hours and minutes in the reader's own time zone, "14:06".
 *
 * @param {string | number | Date} moment
 */
export function clock(moment) {
  return new Intl.DateTimeFormat(locale(), { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(new Date(moment));
}

/**
 * A day in words, "12 November" or, in another year, "12 November 2025".
 *
 * @param {string | number | Date} moment
 * @param {Date} [now]
 */
export function dayName(moment, now = new Date()) {
  const day = new Date(moment);
  /** @type {Intl.DateTimeFormatOptions} */
  const form = { day: "numeric", month: "long" };
  if (day.getFullYear() !== now.getFullYear()) form.year = "numeric";
  return new Intl.DateTimeFormat(locale(), form).format(day);
}

/**
 * Whether two moments fall on the same day for the reader.
 *
 * @param {string | number | Date} one
 * @param {string | number | Date} other
 */
export function isSameDay(one, other) {
  return new Date(one).toDateString() === new Date(other).toDateString();
}

/**
 * A span as clocks show it: "0:48", "11:40", "2:03:00"; negative spans carry a true minus sign.
 *
 * @param {number} seconds
 */
export function shortSpan(seconds) {
  const whole = Math.floor(Math.abs(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  const text = shown.map((part, at) => (at ? String(part).padStart(2, "0") : String(part))).join(":");
  return (seconds < 0 ? "\u2212" : "") + text;
}

/**
 * A file's size in words, "412 kB".
 *
 * @param {number} bytes
 */
export function fileSize(bytes) {
  const step = bytes < 1_000_000 ? 1 : 2;
  const value = Math.max(bytes / 1000 ** step, 0.1);
  return new Intl.NumberFormat(locale(), {
    style: "unit",
    unit: step === 1 ? "kilobyte" : "megabyte",
    unitDisplay: "short",
    maximumFractionDigits: value < 10 ? 1 : 0,
  }).format(value);
}
