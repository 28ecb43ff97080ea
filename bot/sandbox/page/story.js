// What people did and what the bot said to them, as a test in the words of the project's own stories.
import { person } from "/page/people.js";

const LETTERS = /[^a-z]+/g;
const LABEL_LENGTH = 12;

export function story(calls, updates) {
  const names = new Map();
  const told = [...updates.map((entry) => [entry.at, 0, deed(entry.update, names)]), ...calls.map((entry) => [entry.at, 1, sight(entry, names)])];
  const lines = told.filter(([, , line]) => line).sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x - y)).map(([, , line]) => line);
  const cast = [...names].map(([id, name]) => `${name} = await stage.person(${id}, ${quoted(person(id)?.first_name || "Guest")}, ${quoted(person(id)?.language_code || "en")})`);
  return ["async def test_what_happened(stage: Stage) -> None:", ...cast.map(indented(1)), indented(1)("async with stage.bot():"), ...lines.map(indented(2)), ""].join("\n");
}

function deed(update, names) {
  const { message, callback_query: query } = update;
  if (query?.message?.chat.type === "private") {
    const buttons = (query.message.reply_markup?.inline_keyboard || []).flat();
    const label = buttons.find((one) => one.callback_data === query.data)?.text;
    return label && `await ${nameOf(query.from, names)}.taps(${quoted(label)})`;
  }
  if (message?.chat.type !== "private" || !message.text) return null;
  return message.text === "/start" ? `await ${nameOf(message.from, names)}.starts()` : `await ${nameOf(message.from, names)}.says(${quoted(message.text)})`;
}

// Of what the bot said, the first line that is more than a label is enough.
function sight({ method, parameters, answer, status }, names) {
  const who = person(parameters.chat_id);
  if (status !== 200 || !who || !/^(sendMessage|editMessageText)$/.test(method) || !names.has(who.id)) return null;
  const lines = shown(answer).split("\n");
  const line = lines.find((one) => one.trim().length > LABEL_LENGTH) || lines[0];
  return line && `await ${nameOf(who, names)}.sees(${quoted(line.trim())})`;
}

// The text as Telegram kept it; the journal cuts very long answers, and those are left out.
function shown(answer) {
  try { return JSON.parse(answer).result.text || ""; } catch { return ""; }
}

function nameOf(user, names) {
  if (!names.has(user.id)) {
    const plain = user.first_name.toLowerCase().replace(LETTERS, "");
    names.set(user.id, plain && ![...names.values()].includes(plain) ? plain : `person_${user.id}`);
  }
  return names.get(user.id);
}

function quoted(words) { return JSON.stringify(words); }
function indented(depth) { return (line) => "    ".repeat(depth) + line; }
