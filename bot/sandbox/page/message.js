// A bubble: one message, or one album, as its reader sees it.
import { icon, iconButton, make } from "/page/element.js";
import { inlineKeys } from "/page/keys.js";
import { clockOf, media } from "/page/media.js";
import { openMenu } from "/page/menu.js";
import { avatar, bot, hue, nameOf } from "/page/people.js";
import { gist, service } from "/page/service.js";
import { formatted } from "/page/text.js";
import { say } from "/page/words.js";

export function bubble(desk, messages) {
  const [first] = messages;
  const words = service(first);
  const facts = { className: classes(desk, first), tabIndex: -1, role: "article", data: { id: first.message_id } };
  if (words) return make("div", { ...facts, className: "message service" }, make("span", { textContent: words, dir: "auto" }));
  const element = make("div", facts, face(desk, first), make("div", { className: "stack" },
    make("div", { className: "bubble" }, head(desk, first), forwarded(first), quoted(desk, first), carried(messages), said(desk, messages), meta(desk, messages)),
    reaction(desk, first), inlineKeys(desk, messages.at(-1))),
    iconButton("more", say("message_menu"), (event) => open(event, desk, first, element), { className: "quiet-button", tabIndex: -1 }));
  element.setAttribute("aria-label", `${author(first)}: ${gist(first)}`);
  element.addEventListener("contextmenu", (event) => open(event, desk, first, element));
  element.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target === element) open(event, desk, first, element); });
  return element;
}

function open(event, desk, message, element) {
  if (event.type === "contextmenu" && event.target.closest("a, .keys")) return;
  event.preventDefault();
  openMenu(desk, message, element, event);
}

function classes(desk, message) {
  const own = message.from?.id === desk.person.id && message.chat.type !== "channel";
  return ["message", own && "own", message.from?.is_bot && "by-bot", message.has_protected_content && "protected",
    message.photo && "pictured", message.chat.type !== "private" && "grouped"].filter(Boolean).join(" ");
}

function author(message) {
  if (message.sender_chat) return message.sender_chat.title;
  return message.from ? nameOf(message.from) : bot.name;
}

function face(desk, message) {
  if (message.chat.type === "private" || message.chat.type === "channel" || message.from?.id === desk.person.id) return null;
  return avatar(message.from?.id || 0, author(message), { className: "small" });
}

function head(desk, message) {
  if (message.chat.type === "private" || message.from?.id === desk.person.id) return null;
  const name = make("b", { className: "author", textContent: author(message), dir: "auto" });
  name.style.setProperty("--hue", hue(message.from?.id || message.chat.id));
  return name;
}

function forwarded(message) {
  const origin = message.forward_origin;
  if (!origin) return null;
  const name = origin.sender_user_name || (origin.sender_user && nameOf(origin.sender_user)) || origin.chat?.title || "";
  return make("div", { className: "forwarded", textContent: say("forwarded", { name }), dir: "auto" });
}

function quoted(desk, message) {
  const reply = message.reply_to_message;
  if (!reply || reply.forum_topic_created) return null;
  const button = make("button", { type: "button", className: "quoted", dir: "auto", on: { click: () => desk.jump(reply.message_id) } },
    make("b", { textContent: author(reply) }), make("span", { textContent: gist(reply) }));
  button.style.setProperty("--hue", hue(reply.from?.id || 0));
  return button;
}

function carried(messages) {
  const pieces = messages.flatMap(media);
  if (!pieces.length) return null;
  return make("div", { className: messages.length > 1 ? "media album" : "media" }, pieces);
}

function said(desk, messages) {
  const holder = messages.find((one) => one.text || one.caption);
  if (!holder) return null;
  const text = holder.text ?? holder.caption;
  return make("div", { className: "words", dir: "auto" }, formatted(text, holder.entities || holder.caption_entities || [], desk));
}

function meta(desk, messages) {
  const message = messages.at(-1);
  const badge = (name, words) => make("span", { className: "badge", title: words, role: "img", "aria-label": words }, icon(name));
  return make("div", { className: "meta" },
    message.has_protected_content && badge("lock", say("protected")), message.silent && badge("quiet", say("silent")),
    message.edit_date && make("span", { textContent: say("edited") }), make("time", { textContent: clockOf(message, desk.zone) }));
}

export function reaction(desk, message) {
  const given = [...(message.reactions || []).map((one) => one.emoji), desk.reactions.get(`${message.chat.id}:${message.message_id}`)].filter(Boolean);
  return given.length ? make("div", { className: "reactions" }, given.map((emoji) => make("span", { textContent: emoji }))) : null;
}
