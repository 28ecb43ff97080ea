// A person's chats: what came last, what is unread, and the doors still closed.
import { coalesced } from "/page/coalesced.js";
import { ask, deed } from "/page/control.js";
import { arrange, icon, make } from "/page/element.js";
import { clockOf } from "/page/media.js";
import { walk } from "/page/menu.js";
import { toast } from "/page/notices.js";
import { avatar, bot, nameOf, titleOf } from "/page/people.js";
import { gist } from "/page/service.js";
import { say } from "/page/words.js";

export class ChatList {
  constructor(desk) {
    Object.assign(this, { desk, chats: [], doors: [] });
    this.items = make("ul", { className: "chats" });
    this.element = make("nav", { className: "list", "aria-label": say("chats"), on: { keydown: (event) => walk(event, [...this.items.querySelectorAll("button.entry")]) } }, this.items);
    this.refresh = coalesced(() => this.fetch());
  }

  find(id) { return this.chats.find((one) => one.chat.id === id); }
  unread() { return this.chats.reduce((sum, one) => sum + one.unread, 0); }

  async fetch() {
    const { id } = this.desk.person;
    [this.chats, this.doors] = await Promise.all([ask(`/users/${id}/chats`), ask(`/users/${id}/doors`)]);
    this.chats = this.chats.filter((one) => !one.migrated_to).sort((a, b) => (b.chat.id > 0) - (a.chat.id > 0));
    this.draw();
    this.desk.listed();
  }

  draw() {
    const focused = document.activeElement?.dataset?.entry;
    const rows = this.chats.flatMap((one) => (one.topics.length ? this.forum(one) : [this.row(one)]));
    if (this.doors.length) rows.push(make("li", { className: "list-heading", textContent: say("doors") }), ...this.doors.map((door) => this.door(door)));
    arrange(this.items, rows);
    if (focused) this.items.querySelector(`[data-entry="${focused}"]`)?.focus({ preventScroll: true });
  }

  row(one) {
    const { chat } = one;
    const mark = chat.type === "private" ? null : icon(chat.type === "channel" ? "channel" : "group");
    const face = avatar(chat.type === "private" ? bot.id : chat.id, titleOf(chat), { icon: mark });
    return this.entry(chat, null, one, [face, titleOf(chat)]);
  }

  forum(one) {
    const { chat } = one;
    const head = make("li", { className: "forum" }, avatar(chat.id, chat.title, { icon: icon("group") }),
      make("span", { className: "entry-words" }, make("b", { textContent: chat.title, dir: "auto" }), make("small", { textContent: say("members", { n: one.members }) })),
      one.waiting.length > 0 && this.badge(one.waiting.length, say("requests", { n: one.waiting.length }), "wanted"));
    const topics = one.topics.map((topic) => {
      const dot = make("span", { className: "topic-mark" }, topic.closed ? icon("lock") : icon("hash"));
      dot.style.setProperty("--topic", topic.icon_color ? `#${topic.icon_color.toString(16).padStart(6, "0")}` : "var(--soft)");
      return this.entry(chat, topic.message_thread_id, topic, [dot, topic.name ?? say("general")], "topic");
    });
    return [head, ...topics];
  }

  entry(chat, thread, facts, [face, title], className = "") {
    const last = facts.last_message;
    const chosen = this.desk.isOpen(chat.id, thread);
    const who = last?.from && chat.type !== "private" && last.from.id !== this.desk.person.id ? `${last.from.first_name}: ` : "";
    const waiting = facts.waiting?.length || 0;
    return make("li", {}, make("button", {
      type: "button", className: `entry ${className}`, "aria-current": chosen ? "true" : null, data: { entry: `${chat.id}:${thread ?? ""}` },
      on: { click: () => this.desk.open(chat.id, thread) },
    }, face, make("span", { className: "entry-words" },
      make("span", { className: "entry-top" }, make("b", { textContent: title, dir: "auto" }), last && make("time", { textContent: clockOf(last, this.desk.zone) })),
      make("span", { className: "entry-last" }, make("span", { textContent: last ? who + gist(last) : say("nothing_yet"), dir: "auto" }),
        waiting > 0 && this.badge(waiting, say("requests", { n: waiting }), "wanted"),
        facts.unread > 0 && !chosen && this.badge(facts.unread, say("unread", { n: facts.unread }))))));
  }

  badge(number, words, className = "") { return make("span", { className: `count ${className}`, textContent: String(number), role: "img", "aria-label": words, title: words }); }

  door({ chat, asks, waiting, invite_link: link }) {
    const join = async () => {
      const done = await deed(this.desk.person.id, "join", link ? { invite_link: link } : { chat: chat.id });
      if (done?.requested) toast(say("join_asked"), this.desk.toasts);
      await this.refresh();
      if (done?.joined) this.desk.open(chat.id, chat.is_forum ? 0 : null);
    };
    const words = waiting ? say("join_waits") : say(asks ? "join_ask" : "join");
    return make("li", { className: "door" }, avatar(chat.id, chat.title, { icon: icon(chat.type === "channel" ? "channel" : "group"), className: "faint" }),
      make("span", { className: "entry-words" }, make("b", { textContent: chat.title, dir: "auto" })),
      make("button", { type: "button", className: "small-button", textContent: words, disabled: waiting, data: { entry: `door:${chat.id}` }, on: { click: join } }));
  }
}

// Who waits to be let in, for the owner and the administrators of a group.
export function requests(desk, summary) {
  const decide = (name, user) => async () => { await deed(desk.person.id, name, { chat: summary.chat.id, user: user.id }); desk.list.refresh(); };
  return summary.waiting.map(({ user }) => make("div", { className: "request" }, avatar(user.id, nameOf(user), { className: "small" }),
    make("span", { textContent: say("asks_to_join", { name: nameOf(user) }), dir: "auto" }),
    make("button", { type: "button", className: "small-button success", textContent: say("approve"), on: { click: decide("approve", user) } }),
    make("button", { type: "button", className: "small-button danger", textContent: say("decline"), on: { click: decide("decline", user) } })));
}
