// Buttons under messages, and the keyboard that a bot lays over the composer.
import { deed } from "/page/control.js";
import { icon, make } from "/page/element.js";
import { alertOf, toast } from "/page/notices.js";
import { say } from "/page/words.js";

const PATIENCE_MS = 15000;

export function inlineKeys(desk, message) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows) return null;
  return make("div", { className: "keys" }, rows.map((row, r) => make("div", { className: "key-row" }, row.map((button, c) => key(desk, message, button, r, c)))));
}

function key(desk, message, button, row, col) {
  const place = `${message.message_id}:${row}:${col}`;
  const mark = button.url ? icon("link") : button.copy_text ? icon("copy") : null;
  const element = make("button", {
    type: "button", className: `key ${button.style || ""}`, dir: "auto", data: { place },
    on: { click: () => press(desk, message, button, { row, col }, place) },
  }, make("span", { textContent: button.text }), mark);
  if (desk.busy.has(place)) spin(element, true);
  return element;
}

function spin(element, on) {
  element.classList.toggle("busy", on);
  element.setAttribute("aria-busy", String(on));
}

function mark(desk, place, on) {
  if (on) desk.busy.add(place);
  else desk.busy.delete(place);
  for (const element of desk.element.querySelectorAll(`[data-place="${place}"]`)) spin(element, on);
}

async function press(desk, message, button, at, place) {
  if (button.url) { if (!desk.follow(button.url)) window.open(button.url, "_blank", "noopener"); return; }
  if (button.copy_text) { await copy(button.copy_text.text, desk); return; }
  if (desk.busy.has(place)) return;
  mark(desk, place, true);
  const done = await deed(desk.person.id, "press", { chat: message.chat.id, message_id: message.message_id, ...at });
  if (!done?.callback_query_id) { mark(desk, place, false); return; }
  desk.asked.set(done.callback_query_id, place);
  setTimeout(() => { mark(desk, place, false); desk.asked.delete(done.callback_query_id); }, PATIENCE_MS);
}

// The bot's answers to presses: the button rests, and what it says is shown.
export function answered(desk, note, fresh) {
  const place = desk.asked.get(note.callback_query_id);
  if (place) mark(desk, place, false);
  desk.asked.delete(note.callback_query_id);
  if (!note.text || !fresh) return;
  if (note.show_alert) alertOf(note.text);
  else toast(note.text, desk.toasts);
}

export async function copy(words, desk) {
  try {
    await navigator.clipboard.writeText(words);
    toast(say("copied"), desk.toasts);
  } catch {
    toast(words, desk.toasts);
  }
}

export function replyKeys(keyboard, send) {
  return (keyboard?.keyboard || []).map((row) => make("div", { className: "key-row" }, row.map((button) => {
    const text = typeof button === "string" ? button : button.text;
    return make("button", { type: "button", className: "key", textContent: text, dir: "auto", on: { click: () => send(text) } });
  })));
}
