// What people type between marks becomes formatting, as in Telegram's own apps.
const MARKS = [["**", "bold"], ["__", "italic"], ["~~", "strikethrough"], ["||", "spoiler"], ["`", "code"]];
const PATTERN = /(\*\*|__|~~|\|\||`)(?=\S)([^\n]*?\S)\1/;

export const SHORTCUTS = { b: "**", i: "__", m: "`", s: "~~" };

// Return the text without its marks, and the entities that they meant.
export function marked(raw) {
  const entities = [];
  let text = raw;
  let found = PATTERN.exec(text);
  while (found) {
    const [whole, mark, inside] = found;
    text = text.slice(0, found.index) + inside + text.slice(found.index + whole.length);
    entities.push({ offset: found.index, length: inside.length, type: MARKS.find(([one]) => one === mark)[1] });
    for (const entity of entities.slice(0, -1)) shift(entity, found.index, mark.length, inside.length);
    found = PATTERN.exec(text);
  }
  return { text, entities };
}

// An entity found earlier encloses this one or ends before it: then it shrinks by both marks, or stays.
function shift(entity, at, mark, length) {
  if (entity.offset <= at && entity.offset + entity.length >= at + length + 2 * mark) entity.length -= 2 * mark;
  else if (entity.offset > at) entity.offset -= 2 * mark;
}

export function wrap(input, mark) {
  const { selectionStart: from, selectionEnd: to, value } = input;
  input.setRangeText(mark + value.slice(from, to) + mark, from, to, "end");
  if (from === to) input.setSelectionRange(from + mark.length, from + mark.length);
  else input.setSelectionRange(from + mark.length, to + mark.length);
}
