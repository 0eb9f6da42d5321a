// @ts-check
/** The clock of the top bar: the zone in which promises are made. */
export function startClock() {
  const shown = document.querySelector("[data-utc]");
  const zone = document.querySelector("[data-zone]");
  if (!shown) return;
  const tick = () => {
    shown.textContent = new Date().toISOString().slice(11, 16);
    if (zone) zone.textContent = "UTC";
  };
  tick();
  setInterval(tick, 5_000);
}
