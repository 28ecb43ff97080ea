// The people of the world: their names, colours, parts and clocks.
import { ask } from "/page/control.js";
import { make } from "/page/element.js";
import { say } from "/page/words.js";

const known = new Map();
export const bot = { id: 0, username: "", name: "", online: false, descriptions: {} };

export async function meet() {
  for (const person of await ask("/users")) known.set(person.id, person);
  return [...known.values()];
}

export async function meetBot() { return Object.assign(bot, await ask("/bot")); }

export function everybody() { return [...known.values()]; }
export function person(id) { return known.get(id); }
export function nameOf(user) { return [user.first_name, user.last_name].filter(Boolean).join(" "); }
export function titleOf(chat) { return chat.type === "private" ? bot.name : chat.title; }
export function zoneOf(user) { return user?.zone || "Asia/Tashkent"; }
export function isAdministrator(user) { return user.role === "administrator"; }

export function roleOf(user) { return user.role ? say(`role_${user.role}`) : ""; }

// The same person has the same hue everywhere; neighbours stand far apart on the circle.
export function hue(id) { return (Math.abs(id) * 137.5) % 360; }

export function avatar(id, name, facts = {}) {
  const letters = name.split(/\s+/).filter(Boolean).map((word) => [...word][0]).slice(0, 2).join("").toLocaleUpperCase();
  const picture = make("span", { className: `avatar ${facts.className || ""}`, "aria-hidden": "true" }, facts.icon || letters);
  picture.style.setProperty("--hue", hue(id));
  return picture;
}

// What the bot says of itself to somebody who has not met it.
export function description(user) {
  const code = user.language_code?.slice(0, 2);
  return bot.descriptions[code] || bot.descriptions[""] || Object.values(bot.descriptions)[0] || "";
}

// The first part of the story belongs to a newcomer and an administrator who speak the page's language.
export function pair(language) {
  const speaks = (one) => (one.language_code === language ? 0 : 1);
  const first = (role) => everybody().filter((one) => one.role === role).sort((a, b) => speaks(a) - speaks(b))[0];
  return [first("newcomer"), first("administrator")].filter(Boolean);
}
