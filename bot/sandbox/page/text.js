// Formatted text: Telegram's entities (UTF-16 offsets, as JavaScript's own) as elements, never as markup.
const TAGS = { bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre", blockquote: "blockquote", expandable_blockquote: "blockquote" };

export function formatted(text, entities, sendCommand) {
  const root = document.createDocumentFragment();
  build(root, text, 0, text.length, [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length), sendCommand);
  return root;
}

function build(parent, text, from, to, entities, sendCommand) {
  let at = from;
  while (entities.length && entities[0].offset < to) {
    const entity = entities.shift();
    if (entity.offset < at) continue;
    parent.append(text.slice(at, entity.offset));
    const end = Math.min(entity.offset + entity.length, to);
    const element = elementOf(entity, text.slice(entity.offset, end), sendCommand);
    const inner = [];
    while (entities.length && entities[0].offset < end) inner.push(entities.shift());
    build(element, text, entity.offset, end, inner, sendCommand);
    parent.append(element);
    at = end;
  }
  parent.append(text.slice(at, to));
}

function elementOf(entity, words, sendCommand) {
  if (entity.type === "text_link" || entity.type === "url") {
    const link = document.createElement("a");
    const address = entity.url || words;
    if (/^https?:/i.test(address)) link.href = address;
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    return link;
  }
  if (entity.type === "bot_command") {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "command";
    button.onclick = () => sendCommand(words);
    return button;
  }
  if (entity.type === "spoiler") {
    const span = document.createElement("span");
    span.className = "spoiler";
    span.onclick = () => span.classList.add("open");
    return span;
  }
  if (entity.type === "date_time") {
    const time = document.createElement("time");
    const at = new Date((entity.unix_time || 0) * 1000);
    time.dateTime = at.toISOString();
    time.title = at.toLocaleString();
    return time;
  }
  return document.createElement(TAGS[entity.type] || "span");
}
