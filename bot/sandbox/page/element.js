// Elements without markup: everything on the page is made here, and text is only ever text.
const SVG = "http://www.w3.org/2000/svg";

export function make(tag, facts = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(facts)) set(element, key, value);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

function set(element, key, value) {
  if (value === null || value === undefined || value === false) return;
  if (key === "on") for (const [kind, act] of Object.entries(value)) element.addEventListener(kind, act);
  else if (key === "data") Object.assign(element.dataset, value);
  else if (key in element && key !== "role" && !key.includes("-")) element[key] = value;
  else element.setAttribute(key, value === true ? "" : value);
}

// Put these children, in this order, and move nothing that stands right already: focus and scroll stay.
export function arrange(parent, wanted) {
  const kept = new Set(wanted);
  for (const child of [...parent.childNodes]) if (!kept.has(child)) child.remove();
  let at = parent.firstChild;
  for (const child of wanted) {
    if (child === at) at = at.nextSibling;
    else parent.insertBefore(child, at);
  }
}

const PATHS = {
  back: "M15 5l-7 7 7 7", close: "M6 6l12 12M18 6L6 18", more: "M12 5.5v.01M12 12v.01M12 18.5v.01",
  send: "M4 12l16-8-6 16-3-7z", attach: "M20 11l-8 8a5 5 0 01-7-7l9-9a3.4 3.4 0 015 5l-9 9a1.7 1.7 0 01-2.4-2.4L15 7",
  slash: "M15 4L9 20", down: "M6 9l6 6 6-6", reply: "M10 6l-6 6 6 6M4 12h10a6 6 0 016 6v1", plus: "M12 5v14M5 12h14",
  file: "M6 3h8l5 5v13H6zM14 3v5h5", download: "M12 4v11M7 11l5 5 5-5M5 20h14", lock: "M7 11V8a5 5 0 0110 0v3M5 11h14v9H5z",
  quiet: "M6 16V11a6 6 0 0110-4.5M18 11v5l1.5 2H8M10 21h4M4 4l16 16", group: "M9 11a3 3 0 100-6 3 3 0 000 6zM3 20a6 6 0 0112 0M16 5.5a3 3 0 010 5.5M18 14.5a6 6 0 013 5.5",
  channel: "M4 10v4h3l8 5V5L7 10zM18.5 9a4 4 0 010 6", hash: "M5 9h15M4 15h15M10 4L8 20M16 4l-2 16", link: "M10 14a4 4 0 006 0l3-3a4 4 0 00-6-6l-1 1M14 10a4 4 0 00-6 0l-3 3a4 4 0 006 6l1-1",
  sun: "M12 8a4 4 0 100 8 4 4 0 000-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.5M17.5 17.5L19 19M5 19l1.5-1.5M17.5 6.5L19 5",
  moon: "M20 14A8 8 0 119.5 4 6.5 6.5 0 0020 14z", auto: "M12 3a9 9 0 100 18V3z M12 3a9 9 0 010 18", clock: "M12 4a8 8 0 100 16 8 8 0 000-16zM12 8v4l3 2",
  path: "M6 20a2 2 0 100-4 2 2 0 000 4zM18 8a2 2 0 100-4 2 2 0 000 4zM8 18h6a3.5 3.5 0 000-7h-4a3.5 3.5 0 010-7h6", search: "M11 5a6 6 0 100 12 6 6 0 000-12zM15.5 15.5L20 20",
  code: "M8 7l-5 5 5 5M16 7l5 5-5 5", check: "M5 12.5l4.5 4.5L19 7.5", copy: "M9 9h10v11H9zM5 15V4h10", picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  for (const [key, value] of [["viewBox", "0 0 24 24"], ["aria-hidden", "true"], ["class", `icon ${name}`]]) svg.setAttribute(key, value);
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

export function iconButton(name, label, act, facts = {}) {
  const { className = "", ...rest } = facts;
  return make("button", { type: "button", className: `icon-button ${className}`, "aria-label": label, title: label, on: { click: act }, ...rest }, icon(name));
}
