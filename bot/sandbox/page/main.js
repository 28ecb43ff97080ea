// The chat page: people side by side, and around them the clock, the tour and the inspector.
import { clock } from "/page/clock.js";
import { Column } from "/page/column.js";
import { hear, listen, tell } from "/page/control.js";
import { icon, make } from "/page/element.js";
import { Inspector } from "/page/inspector.js";
import { Mail } from "/page/mail.js";
import { question } from "/page/notices.js";
import { avatar, bot, everybody, meet, meetBot, nameOf, pair, person, roleOf } from "/page/people.js";
import { read, room, write } from "/page/address.js";
import { theme } from "/page/theme.js";
import { Tour } from "/page/tour.js";
import { say, speak, spoken } from "/page/words.js";

const PANELS = ["tour", "mail", "calls"];
const columns = new Map();
const place = (id) => document.getElementById(id);
let panel = null;

function drawPeople() {
  const button = (one) => make("button", { type: "button", className: "person", "aria-pressed": String(columns.has(one.id)), title: roleOf(one), on: { click: () => toggle(one.id) } },
    avatar(one.id, nameOf(one), { className: "small" }), make("span", { textContent: one.first_name, dir: "auto" }));
  place("people").replaceChildren(...everybody().sort((a, b) => order(a) - order(b)).map((one) => make("li", {}, button(one))),
    make("li", {}, make("button", { type: "button", className: "person add", title: say("add_person"), "aria-label": say("add_person"), on: { click: add } }, icon("plus"))));
  reveal(place("people"));
}

// Whoever is shown last stands in view in the strip of names too; the page itself does not move.
function reveal(strip) {
  const chosen = [...strip.querySelectorAll("[aria-pressed=true]")].at(-1);
  if (chosen) strip.parentElement.scrollLeft = chosen.offsetLeft + chosen.offsetWidth / 2 - strip.parentElement.clientWidth / 2;
}

function add() {
  question(say("add_person"), [{ name: "first_name", label: say("first_name") }, { name: "language_code", label: say("app_language"), options: [["en", "English"], ["ru", "Русский"]] }], say("create"), async (facts) => {
    const made = await tell("/users", { ...facts, id: 1 + Math.max(400, ...everybody().map((one) => one.id)), role: "newcomer" });
    await meet();
    open(made.id);
  });
}

function toggle(id) {
  if (columns.has(id) && columns.size > 1) close(id);
  else open(id);
}

function close(id) {
  columns.get(id)?.close();
  columns.delete(id);
  settled();
}

// Open a person's column; the one that was looked at longest ago makes room.
function open(id, chat = id, thread = null) {
  const found = person(id);
  if (!found) return null;
  const wide = columns.get(id) || begin(found);
  columns.delete(id);
  columns.set(id, wide);
  fit();
  if (!wide.chat || chat !== id) wide.open(chat, thread);
  settled();
  wide.element.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "smooth" });
  return wide;
}

function fit() {
  while (columns.size > room(panel && place(panel))) close(columns.keys().next().value);
}

// The tour points at whose turn it is.
function call(column) {
  column?.element.classList.remove("called");
  requestAnimationFrame(() => column?.element.classList.add("called"));
}

function begin(found) {
  const column = new Column(found, { onClose: () => close(found.id), onChange: settled });
  const after = [...place("columns").children].find((one) => order(person(Number(one.dataset.person))) > order(found));
  place("columns").insertBefore(column.element, after || null);
  column.refresh();
  return column;
}

// People stand in a lasting order, as the story goes: newcomers, administrators, members.
function order({ id, role }) { return (["newcomer", "administrator"].indexOf(role) + 3) % 3 * 1e9 + id; }

function settled() {
  drawPeople();
  place("columns").classList.toggle("single", columns.size === 1);
  place("empty").hidden = columns.size > 0;
  write([...place("columns").children].map((one) => columns.get(Number(one.dataset.person))).filter(Boolean), panel);
}

// Show a message that a call made: in its person's column, or in that of somebody who is in the group.
async function show({ chat, id, thread = null }) {
  const owner = chat > 0 ? chat : [...columns.values()].find((one) => one.list.find(chat))?.person.id ?? 101;
  const column = open(owner, chat, thread);
  if (!column) return;
  column.open(chat, thread);
  await column.chat.refresh();
  column.jump(id);
}

function turn(name) {
  panel = panel === name ? null : name;
  for (const one of PANELS) {
    place(one).hidden = one !== panel;
    place(`open-${one}`).setAttribute("aria-expanded", String(one === panel));
  }
  fit();
  settled();
}

async function drawBot() {
  await meetBot().catch(() => { bot.online = false; });
  place("bot").className = `bot-state${bot.online ? " on" : ""}`;
  place("bot").replaceChildren(make("span", { textContent: bot.name }));
  for (const { chat } of columns.values()) if (chat?.ready && !chat.known.size) chat.draw(true);
  place("bot").title = `@${bot.username} · ${say(bot.online ? "online" : "offline")}`;
}

function chrome() {
  for (const element of document.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", say(element.dataset.label));
  const language = place("language");
  language.value = spoken();
  language.addEventListener("change", () => { localStorage.setItem("language", language.value); const next = new URLSearchParams(location.search); next.set("lang", language.value); location.search = next; });
  language.before(theme());
  for (const name of PANELS) place(`open-${name}`).addEventListener("click", () => turn(name));
  for (const button of document.querySelectorAll("[data-close]")) button.addEventListener("click", () => turn(panel));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && event.target.closest("aside")) { turn(panel); place("open-tour").focus(); } });
  window.addEventListener("resize", fit);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) for (const one of columns.values()) one.refresh(); });
}

async function start() {
  const wanted = read();
  speak(wanted.language || localStorage.getItem("language") || navigator.language.slice(0, 2));
  chrome();
  await Promise.all([meet(), drawBot()]);
  const inspector = new Inspector(show);
  const mail = new Mail(place("unread"));
  const tour = new Tour((one) => call(open(one.id)), () => { turn("mail"); mail.newest(); });
  place("tour").append(tour.element);
  place("mail").append(mail.element);
  place("calls").append(inspector.element);
  await clock(place("clock"), () => { for (const one of columns.values()) one.tick(); });
  const people = wanted.people.length ? wanted.people : pair(spoken()).map((one) => ({ id: one.id }));
  const first = wanted.panel ?? (window.innerWidth >= 1200 ? "tour" : "none");
  if (first !== "none") turn(first);
  for (const one of people.slice(0, room(panel && place(panel)))) open(one.id, one.chat ?? one.id, one.thread ?? null);
  await Promise.all([tour.begin(), inspector.begin(), mail.begin()]);
  hear("connected", (on) => { place("away").hidden = on; drawBot(); });
  hear("call", ({ method, status }) => { if (/^setMy/.test(method) && status) drawBot(); });
  hear("people", async () => { await meet(); drawPeople(); });
  setInterval(drawBot, 10000);
  listen();
}

start();
