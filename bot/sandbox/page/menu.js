// A small menu: what can be done with a message, or in a chat.
import { deed } from "/page/control.js";
import { make } from "/page/element.js";
import { copy } from "/page/keys.js";
import { say } from "/page/words.js";

const REACTIONS = ["👍", "❤", "🔥", "🙏", "🤔"];
let closeOpen = null;

export function openMenu(desk, message, element, event) {
  const own = message.from?.id === desk.person.id;
  const free = !message.has_protected_content;
  const at = { chat: message.chat.id, message_id: message.message_id };
  const words = message.text ?? message.caption;
  popUp(element, event, [
    desk.writable && [say("reply"), () => desk.composer.reply(message)],
    own && message.text && [say("edit"), () => desk.composer.edit(message)],
    words && free && [say("copy_text"), () => copy(words, desk)],
    free && !(own && message.chat.type === "private") && [say("forward_to_bot"), () => deed(desk.person.id, "forward", at)],
    own && [say("delete"), () => deed(desk.person.id, "delete", at), "danger"],
    free ? null : [say("protected_note"), null],
  ], own ? [] : REACTIONS.map((emoji) => [emoji, async () => { if (await deed(desk.person.id, "react", { ...at, emoji })) desk.react(message, emoji); }]));
}

// Entries are [words, act, style]; one without an act is only read.
export function popUp(owner, event, entries, row = []) {
  closeOpen?.();
  const back = document.activeElement;
  const run = (act) => () => { close(); act(); };
  const button = ([words, act, style]) => make("button", { type: "button", role: "menuitem", className: style || "", textContent: words, disabled: !act, tabIndex: -1, on: { click: act && run(act) } });
  const menu = make("div", { className: "popup", role: "menu" },
    row.length ? make("div", { className: "popup-row" }, row.map(button)) : null, entries.filter(Boolean).map(button));
  const close = () => { closeOpen = null; menu.remove(); document.removeEventListener("pointerdown", outside, true); if (back?.isConnected) back.focus({ preventScroll: true }); };
  const outside = (press) => { if (!menu.contains(press.target)) close(); };
  menu.addEventListener("keydown", (press) => steer(press, menu, close));
  document.body.append(menu);
  place(menu, owner, event);
  document.addEventListener("pointerdown", outside, true);
  closeOpen = close;
  menu.querySelector("button:not(:disabled)")?.focus({ preventScroll: true });
}

function place(menu, owner, event) {
  const box = owner.getBoundingClientRect();
  const pointed = event?.clientX || event?.clientY;
  const x = pointed ? event.clientX : box.left + 16;
  const y = pointed ? event.clientY : Math.min(box.bottom, window.innerHeight - 40);
  menu.style.left = `${Math.max(8, Math.min(x, window.innerWidth - menu.offsetWidth - 8))}px`;
  menu.style.top = `${Math.max(8, Math.min(y, window.innerHeight - menu.offsetHeight - 8))}px`;
}

function steer(event, menu, close) {
  if (event.key === "Escape" || event.key === "Tab") { event.preventDefault(); event.stopPropagation(); close(); return; }
  walk(event, [...menu.querySelectorAll("button:not(:disabled)")], ["ArrowUp", "ArrowLeft"], ["ArrowDown", "ArrowRight"]);
}

// Arrow keys go from one element of a list to the next.
export function walk(event, items, before = ["ArrowUp"], after = ["ArrowDown"]) {
  const at = items.indexOf(document.activeElement);
  const step = before.includes(event.key) ? -1 : after.includes(event.key) ? 1 : 0;
  if (!step || !items.length || at < 0) return;
  event.preventDefault();
  items[(at + step + items.length) % items.length].focus();
}
