// @ts-check
/**
 * A site's own accent. It is taken only if text on it and text in it can be read; otherwise the desk's own stays.
 */

/** Grounds that text in the accent's colour stands on, by scheme. */
const GROUND = { light: "#fdfefe", dark: "#161d20" };
const READABLE = 4.5;

/**
 * Use `data-accent` and `data-accent-dark` of the page, now and whenever the scheme changes.
 *
 * @param {HTMLElement} root
 */
export function applyTheme(root) {
  const isDark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const scheme = root.dataset.theme || (isDark.matches ? "dark" : "light");
    const accent = scheme === "dark" ? root.dataset.accentDark : root.dataset.accent;
    for (const [name, value] of Object.entries(tokensOf(accent ?? "", scheme))) root.style.setProperty(name, value);
  };
  apply();
  isDark.addEventListener("change", apply);
}

/**
 * The tokens that follow from an accent; empty values give way to the desk's own.
 *
 * @param {string} accent `#rrggbb`
 * @param {string} scheme
 * @returns {Record<string, string>}
 */
export function tokensOf(accent, scheme) {
  const ground = scheme === "dark" ? GROUND.dark : GROUND.light;
  const onAccent = bestOn(accent);
  const isFit = /^#[\da-f]{6}$/i.test(accent) && contrast(accent, ground) >= READABLE && contrast(accent, onAccent) >= READABLE;
  const own = scheme === "dark" ? `color-mix(in oklab, ${accent} 38%, ${ground})` : accent;
  return {
    "--accent": isFit ? accent : "",
    "--accent-hover": isFit ? `color-mix(in oklab, ${accent} 86%, ${scheme === "dark" ? "white" : "black"})` : "",
    "--accent-tint": isFit ? `color-mix(in oklab, ${accent} ${scheme === "dark" ? 18 : 9}%, ${ground})` : "",
    "--on-accent": isFit ? onAccent : "",
    "--own-bubble": isFit ? own : "",
  };
}

/** @param {string} colour */
function bestOn(colour) {
  return contrast(colour, "#ffffff") >= contrast(colour, "#101416") ? "#ffffff" : "#101416";
}

/** WCAG 2 contrast of two `#rrggbb` colours. @param {string} one @param {string} other */
export function contrast(one, other) {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

/** @param {string} colour */
function luminance(colour) {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
