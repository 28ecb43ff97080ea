// Formatted text: Telegram's entities (UTF-16 offsets, as JavaScript's own) as elements, never as markup.
import { make } from "/page/element.js";
import { distance, moment, say } from "/page/words.js";

const TAGS = { bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code" };
const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);
const LONG_QUOTE = 180;

// `desk` is the reader's: it obeys commands, follows links, and knows the reader's zone and clock.
export function formatted(text, entities, desk) {
  const root = document.createDocumentFragment();
  const ordered = [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
  build(root, text, 0, text.length, ordered, desk);
  return root;
}

function build(parent, text, from, to, entities, desk) {
  let at = from;
  let afterBlock = false;
  const plain = (end) => {
    let words = text.slice(at, end);
    if (afterBlock) words = words.replace(/^\n/, ""); // a block ends its line by itself
    if (words) parent.append(words);
  };
  while (entities.length && entities[0].offset < to) {
    const entity = entities.shift();
    if (entity.offset < at) continue;
    plain(entity.offset);
    const end = Math.min(entity.offset + entity.length, to);
    const inner = [];
    while (entities.length && entities[0].offset < end) inner.push(entities.shift());
    const { element, inside = element } = elementOf(entity, text.slice(entity.offset, end), desk);
    build(inside, text, entity.offset, end, inner, desk);
    parent.append(element);
    at = end;
    afterBlock = BLOCKS.has(entity.type);
  }
  plain(to);
}

function elementOf(entity, words, desk) {
  const maker = MAKERS[entity.type] || plainly;
  return maker(entity, words, desk);
}

const MAKERS = {
  text_link: (entity, words, desk) => link(entity.url, desk),
  url: (entity, words, desk) => link(words, desk),
  email: (entity, words) => ({ element: make("a", { href: `mailto:${words}` }) }),
  bot_command: (entity, words, desk) => ({ element: make("button", { type: "button", className: "command", on: { click: () => desk.say(words) } }) }),
  spoiler: spoiler,
  date_time: time,
  pre: pre,
  blockquote: () => ({ element: make("blockquote") }),
  expandable_blockquote: unfolding,
  mention: (entity, words, desk) => link(`https://t.me/${words.slice(1)}`, desk),
  hashtag: () => ({ element: make("span", { className: "tag" }) }),
  text_mention: () => ({ element: make("span", { className: "tag" }) }),
};

function plainly(entity) { return { element: make(TAGS[entity.type] || "span") }; }

function link(given, desk) {
  const address = /^[a-z]+:/i.test(given) ? given : `https://${given}`;
  if (!/^(https?|tg):/i.test(address)) return { element: make("span") };
  const follow = (event) => { if (desk.follow(address)) event.preventDefault(); };
  return { element: make("a", { href: address, target: "_blank", rel: "noopener noreferrer", title: address, on: { click: follow } }) };
}

function spoiler() {
  const open = () => { element.classList.add("open"); element.removeAttribute("role"); };
  const key = (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(); } };
  const element = make("span", { className: "spoiler", tabIndex: 0, role: "button", "aria-label": say("spoiler"), on: { click: open, keydown: key } });
  return { element };
}

function time(entity, words, desk) {
  const at = new Date((entity.unix_time || 0) * 1000);
  const local = moment(at, { dateStyle: "full", timeStyle: "short", hourCycle: "h23", timeZone: desk.zone });
  const tip = `${local} · ${desk.zone} · ${distance(at, desk.now())}`;
  return { element: make("time", { dateTime: at.toISOString(), tabIndex: 0, "aria-description": tip, data: { tip } }) };
}

function pre(entity) {
  const inside = make("code");
  const label = entity.language ? make("small", { textContent: entity.language }) : null;
  return { element: make("pre", { tabIndex: 0 }, label, inside), inside };
}

function unfolding(entity, words) {
  const inside = make("div", { className: "folded" });
  const long = words.length > LONG_QUOTE || words.split("\n").length > 3;
  const turn = () => {
    const open = element.classList.toggle("open");
    button.textContent = say(open ? "less" : "more");
    button.setAttribute("aria-expanded", String(open));
  };
  const button = make("button", { type: "button", className: "unfold", textContent: say("more"), "aria-expanded": "false", on: { click: turn } });
  const element = make("blockquote", { className: long ? "expandable" : "" }, inside, long && button);
  return { element, inside };
}
