// @ts-check
/** Open menus close when somebody clicks elsewhere or presses Escape. */
export function startMenus() {
  /** @param {Node | null} inside */
  const closeOthers = (inside) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!inside || !menu.contains(inside)) menu.removeAttribute("open");
    }
  };
  document.addEventListener("click", (event) => closeOthers(/** @type {Node} */ (event.target)));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector("details.menu[open]");
    closeOthers(null);
    if (open?.contains(document.activeElement)) open.querySelector("summary")?.focus();
  });
}
