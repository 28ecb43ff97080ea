// The chat page: people side by side, each with their private chat with the bot.
import { formatted } from "/page/text.js";
import { say, speak, spoken } from "/page/words.js";

const options = new URLSearchParams(location.search);
const shown = (options.get("people") || "").split(",").filter(Boolean).map(Number);
const columns = new Map();
let people = [];

async function call(method, path, body) {
  const answer = await fetch(`/sandbox${path}`, {
    method, headers: body ? { "Content-Type": "application/json" } : {}, body: body && JSON.stringify(body),
  });
  const found = await answer.json();
  if (!answer.ok) { toast(found.error || answer.status); throw new Error(found.error); }
  return found;
}

function make(tag, facts = {}, ...children) {
  const element = Object.assign(document.createElement(tag), facts);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function toast(words) {
  const note = make("p", { textContent: words });
  document.getElementById("toasts").append(note);
  setTimeout(() => note.remove(), 4000);
}

function nameOf(person) { return [person.first_name, person.last_name].filter(Boolean).join(" "); }

function drawPeople() {
  document.getElementById("people").replaceChildren(...people.map((person) => make("li", {}, make("button", {
    type: "button", textContent: nameOf(person), ariaPressed: String(columns.has(person.id)), dir: "auto",
    onclick: () => toggle(person.id),
  }))));
}

function toggle(id) {
  if (columns.has(id)) { columns.get(id).element.remove(); columns.delete(id); } else { open(id); }
  while (columns.size > 3) { const first = columns.keys().next().value; columns.get(first).element.remove(); columns.delete(first); }
  drawPeople();
}

function open(id) {
  const person = people.find((one) => one.id === id);
  if (!person) return;
  const log = make("div", { className: "log", role: "log", ariaLive: "polite", tabIndex: 0 });
  const input = make("textarea", { placeholder: say("write"), rows: 1, dir: "auto", ariaLabel: say("write") });
  const file = make("input", { type: "file", hidden: true, onchange: () => attach(id, file) });
  const menu = make("div", { className: "menu", hidden: true });
  const form = make("form", { className: "write", onsubmit: (event) => { event.preventDefault(); send(id, input); } },
    make("button", { type: "button", textContent: "/", title: say("menu"), ariaLabel: say("menu"), onclick: () => commands(id, menu) }),
    make("button", { type: "button", textContent: "+", title: say("attach"), ariaLabel: say("attach"), onclick: () => file.click() }),
    input, file, make("button", { className: "send", textContent: say("send") }));
  input.onkeydown = (event) => { if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); form.requestSubmit(); } };
  const element = make("section", { className: "column", ariaLabel: nameOf(person) },
    make("h2", { dir: "auto" }, nameOf(person), " ", make("small", { textContent: person.language_code || "" })), log, menu, form);
  document.getElementById("columns").append(element);
  columns.set(id, { element, log, change: 0, messages: new Map(), chat: id });
  refresh(id);
}

async function send(id, input) {
  const text = input.value.trim();
  if (!text) return;
  input.value = "";
  await call("POST", `/users/${id}/send`, { text });
}

async function attach(id, input) {
  const [file] = input.files;
  if (!file) return;
  const bytes = new Uint8Array(await file.arrayBuffer());
  let raw = "";
  for (const byte of bytes) raw += String.fromCharCode(byte);
  await call("POST", `/users/${id}/send`, { document: { file_name: file.name, mime_type: file.type, content_b64: btoa(raw) } });
  input.value = "";
}

async function commands(id, menu) {
  menu.hidden = !menu.hidden;
  if (menu.hidden) return;
  const found = await call("GET", `/commands?user=${id}`);
  menu.replaceChildren(...found.commands.map((one) => make("button", {
    type: "button", onclick: () => { menu.hidden = true; call("POST", `/users/${id}/send`, { text: `/${one.command}` }); },
  }, make("b", { textContent: `/${one.command}` }), ` ${one.description}`)));
}

async function refresh(id) {
  const column = columns.get(id);
  if (!column || column.busy) { if (column) column.again = true; return; }
  column.busy = true;
  const found = await call("GET", `/users/${id}/chats/${column.chat}/messages?after=${column.change}`);
  for (const message of found.messages) {
    if (message.deleted) column.messages.delete(message.message_id); else column.messages.set(message.message_id, message);
  }
  if (column.change) for (const note of found.callback_answers) if (note.text) toast(note.text);
  column.change = Math.max(column.change, found.change);
  draw(id, column);
  column.busy = false;
  if (column.again) { column.again = false; refresh(id); }
}

function draw(id, column) {
  const ordered = [...column.messages.values()].sort((a, b) => a.message_id - b.message_id);
  const rows = ordered.map((message) => bubble(id, message));
  if (!rows.length) {
    rows.push(make("div", { className: "keys" }, make("div", {}, make("button", {
      type: "button", className: "primary", textContent: say("start"), onclick: () => call("POST", `/users/${id}/start`, {}),
    }))));
  }
  column.log.replaceChildren(...rows);
  column.log.scrollTop = column.log.scrollHeight;
}

function bubble(id, message) {
  const own = message.from && !message.from.is_bot;
  const body = make("div", { className: "bubble", dir: "auto" });
  if (message.document) {
    const link = make("a", { href: `/sandbox/files/${message.document.file_id}`, textContent: message.document.file_name || "file" });
    body.append(make("div", { className: "file" }, link, make("small", { textContent: `${Math.ceil((message.document.file_size || 0) / 1024)} kB` })));
  }
  const words = message.text ?? message.caption ?? (message.document ? "" : `[${Object.keys(message).pop()}]`);
  const sendCommand = (text) => call("POST", `/users/${id}/send`, { text });
  body.append(formatted(words, message.entities || message.caption_entities || [], sendCommand));
  const time = new Date(message.date * 1000).toLocaleTimeString(spoken(), { hour: "2-digit", minute: "2-digit" });
  const marks = [message.edit_date && say("edited"), message.has_protected_content && say("protected"), message.silent && say("silent"), time];
  const element = make("div", { className: `message${own ? " own" : ""}${message.has_protected_content ? " protected" : ""}` },
    body, keys(id, message), make("div", { className: "meta", textContent: marks.filter(Boolean).join(" · ") }));
  return element;
}

function keys(id, message) {
  const rows = message.reply_markup?.inline_keyboard;
  if (!rows) return null;
  return make("div", { className: "keys" }, ...rows.map((row) => make("div", {}, ...row.map((button) => make("button", {
    type: "button", textContent: button.text + (button.url ? " ↗" : ""), className: button.style || "", dir: "auto",
    onclick: (event) => press(id, message, button, event.currentTarget),
  })))));
}

async function press(id, message, button, element) {
  if (button.url) { window.open(button.url, "_blank", "noopener"); return; }
  if (button.copy_text) { await navigator.clipboard?.writeText(button.copy_text.text); toast(say("copied")); return; }
  element.classList.add("busy");
  setTimeout(() => element.classList.remove("busy"), 3000);
  await call("POST", `/users/${id}/press`, { message_id: message.message_id, data: button.callback_data });
}

async function clock() {
  const told = await call("GET", "/clock");
  const at = new Date(told.now);
  document.getElementById("now").textContent = at.toLocaleString(spoken(), { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  const bot = await call("GET", "/bot");
  const dot = document.getElementById("bot");
  dot.className = `dot${bot.online ? " on" : ""}`;
  dot.textContent = `@${bot.username}`;
}

async function jump(order) {
  if (order === "monday") {
    const now = new Date((await call("GET", "/clock")).now);
    const monday = new Date(now);
    monday.setUTCHours(4, 0, 5, 0); // 09:00 in most of the region
    monday.setUTCDate(now.getUTCDate() + (((8 - now.getUTCDay()) % 7) || 7));
    order = { to: monday.toISOString() };
  }
  await call("POST", "/clock", order);
  clock();
}

function drawTools() {
  document.querySelectorAll("[data-say]").forEach((element) => { element.textContent = say(element.dataset.say); });
  const jumps = [["hour", { advance: 3600 }], ["day", { advance: 86400 }], ["monday", "monday"], ["back", { reset: true }]];
  document.getElementById("jumps").replaceChildren(...jumps.map(([word, order]) => make("button", { type: "button", textContent: say(word), onclick: () => jump(order) })));
  const faults = [["429", { kind: "429", retry_after: 5 }], ["500", { kind: "500" }], ["403", { kind: "403" }], ["hang", { kind: "hang", seconds: 10 }], ["reset", { kind: "reset" }]];
  document.getElementById("faults").replaceChildren(...faults.map(([word, order]) => make("button", {
    type: "button", textContent: `${say("next")}: ${word}`, onclick: () => call("POST", "/faults", { method: "sendMessage", ...order }),
  })), make("button", { type: "button", textContent: say("clear"), onclick: () => call("DELETE", "/faults") }));
  document.getElementById("steps").replaceChildren(...[1, 2, 3, 4, 5, 6].map((n) => make("li", {}, make("label", {}, make("input", { type: "checkbox" }), ` ${say(`step${n}`)}`))));
}

function journal(entry) {
  if (entry.status === null || entry.method === "getUpdates") return;
  const bad = entry.violation || entry.status !== 200;
  const detail = JSON.stringify({ parameters: entry.parameters, answer: entry.answer }, null, 1);
  document.getElementById("journal").prepend(make("li", { className: bad ? "bad" : "" }, make("details", {},
    make("summary", { textContent: `${entry.method} · ${entry.status} · ${entry.ms} ms` }), make("pre", { textContent: detail }))));
}

function listen() {
  const events = new EventSource("/sandbox/events");
  events.addEventListener("change", (event) => { const { chat } = JSON.parse(event.data); for (const [id, column] of columns) if (column.chat === chat) refresh(id); });
  events.addEventListener("call", (event) => journal(JSON.parse(event.data)));
  events.addEventListener("clock", clock);
  events.onopen = () => { for (const id of columns.keys()) refresh(id); };
}

async function begin() {
  speak(options.get("lang") || localStorage.getItem("lang") || "en");
  const language = document.getElementById("language");
  language.value = spoken();
  language.onchange = () => { localStorage.setItem("lang", language.value); const next = new URLSearchParams(location.search); next.set("lang", language.value); location.search = next; };
  for (const name of ["tour", "calls"]) document.getElementById(`open-${name}`).onclick = () => { const panel = document.getElementById(name); panel.hidden = !panel.hidden; };
  drawTools();
  people = await call("GET", "/users");
  const russian = spoken() === "ru";
  const first = shown.length ? shown : people.filter((one) => one.id === (russian ? 302 : 301) || one.id === (russian ? 102 : 101)).map((one) => one.id).reverse();
  for (const id of first.slice(0, 3)) open(id);
  drawPeople();
  clock();
  setInterval(clock, 15000);
  listen();
}

begin();
