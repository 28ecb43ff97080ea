// Light or dark: as the system has it, unless the reader chose.
import { icon, make } from "/page/element.js";
import { say } from "/page/words.js";

const ORDER = ["auto", "light", "dark"];
const ICONS = { auto: "auto", light: "sun", dark: "moon" };

export function theme() {
  let at = ORDER.indexOf(localStorage.getItem("theme") || "auto");
  const button = make("button", { type: "button", className: "icon-button" });
  const draw = () => {
    const name = ORDER[at] || "auto";
    if (name === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    button.replaceChildren(icon(ICONS[name]));
    button.title = say(`theme_${name}`);
    button.setAttribute("aria-label", button.title);
  };
  button.addEventListener("click", () => { at = (at + 1) % ORDER.length; localStorage.setItem("theme", ORDER[at]); draw(); });
  draw();
  return button;
}
