// One person's Telegram: their chats on one side, the open chat on the other.
import { Chat } from "/page/chat.js";
import { Composer } from "/page/composer.js";
import { deed, hear } from "/page/control.js";
import { iconButton, make } from "/page/element.js";
import { chatMenu } from "/page/gear.js";
import { ChatList, requests } from "/page/list.js";
import { avatar, bot, nameOf, roleOf, titleOf, zoneOf } from "/page/people.js";
import { sandboxNow } from "/page/time.js";
import { moment, say } from "/page/words.js";

const SWIPE_PX = 80;

export class Column {
  constructor(person, { onClose, onChange }) {
    Object.assign(this, { person, zone: zoneOf(person), onChange, busy: new Set(), asked: new Map(), reactions: new Map(), chat: null });
    this.list = new ChatList(this);
    this.composer = new Composer(this);
    this.clock = make("time", { className: "local" });
    this.bar = make("header", { className: "chat-bar" });
    this.waiting = make("div", { className: "requests", hidden: true });
    this.view = make("div", { className: "chat" });
    this.composer.catchFiles(this.view);
    this.toasts = make("div", { className: "toasts", "aria-live": "polite" });
    this.element = make("section", { className: "column", "aria-label": nameOf(person), data: { person: person.id }, on: { keydown: (event) => this.key(event) } },
      make("header", { className: "column-bar" }, avatar(person.id, nameOf(person)),
        make("span", { className: "who" }, make("b", { textContent: nameOf(person), dir: "auto" }), make("small", {}, make("span", { textContent: roleOf(person) }), this.clock)),
        iconButton("close", say("close_column", { name: nameOf(person) }), onClose, { className: "close-column" })),
      make("div", { className: "column-body" }, this.list.element, this.view), this.toasts);
    this.view.addEventListener("touchstart", (event) => { this.touched = event.target.closest("pre") ? null : event.touches[0]; }, { passive: true });
    this.view.addEventListener("touchend", (event) => this.swiped(event.changedTouches[0]), { passive: true });
    this.deaf = [hear("change", ({ chat }) => this.changed(chat)), hear("connected", (on) => on && this.refresh())];
    this.tick();
  }

  now() { return sandboxNow(); }
  say(text) { return deed(this.person.id, "send", { chat: this.chat?.id ?? this.person.id, ...this.threaded(), text }); }
  threaded() { return this.chat?.thread ? { message_thread_id: this.chat.thread } : {}; }
  isOpen(id, thread) { return this.chat?.id === id && (this.chat.thread ?? null) === (thread ?? null); }
  get summary() { return this.chat && this.list.find(this.chat.id); }
  get writable() { return this.composer.open; }

  close() {
    for (const stop of this.deaf) stop();
    this.chat?.close();
    this.element.remove();
  }

  refresh() {
    this.list.refresh();
    this.chat?.refresh();
  }

  changed(chat) {
    if (chat === this.chat?.id) this.chat.refresh();
    this.list.refresh();
  }

  // `thread` is a topic's id, 0 for General, null where there are no topics.
  open(id, thread = null) {
    if (!this.isOpen(id, thread)) {
      this.chat?.close();
      this.chat = new Chat(this, id, thread);
      this.composer.moved();
      this.view.replaceChildren(this.bar, this.waiting, this.chat.element, this.composer.element);
      this.chat.refresh();
      this.list.refresh();
    }
    this.element.classList.add("in-chat");
    this.onChange();
  }

  back() {
    this.element.classList.remove("in-chat");
    this.onChange();
    this.list.items.querySelector("[aria-current]")?.focus();
  }

  // A swipe to the right goes back to the chats where they do not stand beside.
  swiped(end) {
    if (!this.touched) return;
    const { clientX: x, clientY: y } = this.touched;
    if (end.clientX - x > SWIPE_PX && Math.abs(end.clientY - y) < SWIPE_PX / 2) this.back();
  }

  get inChat() { return this.element.classList.contains("in-chat"); }

  // Called when the list was read again, and when the chat was drawn again.
  listed() { this.heading(); this.composer.draw(); }
  drawn() { this.heading(); this.composer.draw(); }

  heading() {
    const one = this.summary;
    if (!one) return;
    const topic = one.topics.find((found) => found.message_thread_id === this.chat.thread);
    const title = topic ? topic.name ?? say("general") : titleOf(one.chat);
    const unread = this.list.unread();
    const back = iconButton("back", say("back"), () => this.back(), { className: "to-list" });
    if (unread) back.append(make("span", { className: "count", textContent: String(unread) }));
    this.bar.replaceChildren(back, make("span", { className: "who" }, make("b", { textContent: title, dir: "auto" }), this.subtitle(one, topic)),
      iconButton("more", say("chat_menu"), (event) => chatMenu(this, one, topic, event)));
    this.waiting.replaceChildren(...requests(this, one));
    this.waiting.hidden = !one.waiting.length;
  }

  subtitle(one, topic) {
    if (this.chat.typing) {
      return make("small", { className: "typing" }, say(this.chat.typing === "upload_document" ? "sends_file" : "typing"), make("span", { className: "dots", "aria-hidden": "true" }, make("i"), make("i"), make("i")));
    }
    if (one.chat.type === "private") return make("small", { textContent: one.blocked ? say("blocked") : `${say("bot")} · @${bot.username}` });
    const members = say(one.chat.type === "channel" ? "subscribers" : "members", { n: one.members });
    return make("small", { textContent: topic ? `${one.chat.title} · ${topic.closed ? say("closed") : members}` : members, dir: "auto" });
  }

  jump(id) { this.chat.jump(id); }

  react(message, emoji) {
    this.reactions.set(`${message.chat.id}:${message.message_id}`, emoji);
    this.chat.again(message.message_id);
  }

  // Links into Telegram stay in the simulation; true when this one did.
  follow(address) {
    const link = new URL(address);
    if (link.hostname !== "t.me" && link.hostname !== "telegram.me") return false;
    const name = link.pathname.slice(1);
    if (name.startsWith("+")) deed(this.person.id, "join", { invite_link: `https://t.me/${name}` }).then(() => this.list.refresh());
    else if (name.toLowerCase() === bot.username.toLowerCase()) this.visitBot(link.searchParams.get("start"));
    else this.visit(name);
    return true;
  }

  async visitBot(payload) {
    this.open(this.person.id);
    if (payload !== null) await deed(this.person.id, "start", { payload });
  }

  visit(name) {
    const found = this.list.chats.find((one) => one.chat.username === name);
    if (found) this.open(found.chat.id);
  }

  key(event) {
    if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (this.composer.escape()) return;
    this.back();
  }

  tick() {
    this.clock.textContent = moment(new Date(sandboxNow()), { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: this.zone });
    this.clock.title = this.zone;
  }
}
