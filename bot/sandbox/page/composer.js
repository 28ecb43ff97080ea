// Where a person writes: text that grows, commands, files, replies and corrections.
import { Attachments } from "/page/attachments.js";
import { Commands } from "/page/commands.js";
import { deed } from "/page/control.js";
import { icon, iconButton, make } from "/page/element.js";
import { replyKeys } from "/page/keys.js";
import { SHORTCUTS, marked, wrap } from "/page/marks.js";
import { gist } from "/page/service.js";
import { say } from "/page/words.js";

export class Composer {
  constructor(desk) {
    Object.assign(this, { desk, drafts: new Map(), target: null, state: "" });
    this.input = make("textarea", { rows: 1, dir: "auto", "aria-label": say("write"), placeholder: say("write"), on: { input: () => this.typed(), keydown: (event) => this.key(event), paste: (event) => this.pasted(event) } });
    this.commands = new Commands(this);
    this.attachments = new Attachments(this);
    this.context = make("div", { className: "context", hidden: true });
    this.keyboard = make("div", { className: "reply-keyboard", hidden: true });
    this.form = make("form", { className: "write", on: { submit: (event) => { event.preventDefault(); this.send(); } } },
      iconButton("attach", say("attach"), () => this.attachments.input.click()), this.input,
      iconButton("slash", say("commands"), () => this.slash(), { className: "slash-button" }),
      make("button", { className: "send", "aria-label": say("send"), title: say("send") }, icon("send")), this.attachments.input);
    this.instead = make("div", { className: "instead", hidden: true });
    this.element = make("footer", { className: "composer" }, this.commands.element, this.context, this.attachments.element, this.form, this.keyboard, this.instead);
  }

  get open() { return this.state === "open"; }
  focus() { this.input.focus({ preventScroll: true }); }

  // Files may be dropped anywhere on the open chat.
  catchFiles(view) {
    for (const kind of ["dragover", "dragleave", "drop"]) {
      view.addEventListener(kind, (event) => {
        event.preventDefault();
        if (!this.open) return;
        view.classList.toggle("dropping", kind === "dragover");
        if (kind === "drop") this.attachments.add(event.dataTransfer.files, true);
      });
    }
  }

  // The chat beneath has changed: its draft comes back.
  moved() {
    if (this.place) this.drafts.set(this.place, this.input.value);
    this.place = `${this.desk.chat.id}:${this.desk.chat.thread}`;
    this.drop();
    this.fill(this.drafts.get(this.place) || "");
    this.commands.hide();
  }

  fill(text) {
    this.input.value = text;
    this.weigh();
    this.commands.follow(text);
  }

  clear() { this.fill(""); this.drop(); }
  drop() { this.target = null; this.context.hidden = true; }

  draw() {
    const state = this.stateNow();
    const keyboard = this.desk.chat?.keyboard;
    this.keyboard.replaceChildren(...replyKeys(keyboard, (text) => this.desk.say(text)));
    this.keyboard.hidden = !this.keyboard.children.length || state !== "open";
    this.input.placeholder = keyboard?.input_field_placeholder || say("write");
    if (state === this.state) return;
    this.state = state;
    this.form.hidden = state !== "open";
    this.instead.hidden = state === "open";
    this.instead.replaceChildren(...this.door(state));
  }

  stateNow() {
    const { chat, summary } = this.desk;
    if (!chat || !summary) return "wait";
    if (summary.chat.type === "private") return chat.blocked ? "blocked" : chat.known.size ? "open" : chat.ready ? "start" : "wait";
    const staff = ["creator", "administrator"].includes(summary.role);
    if (summary.chat.type === "channel") return staff ? "open" : "readers";
    const topic = summary.topics.find((one) => one.message_thread_id === chat.thread);
    return topic?.closed && !staff ? "topic" : "open";
  }

  door(state) {
    const { id } = this.desk.person;
    if (state === "start") {
      return [make("button", { type: "button", className: "wide primary", textContent: say("start"), on: { click: () => deed(id, "start") } })];
    }
    if (state === "blocked") return [make("button", { type: "button", className: "wide", textContent: say("unblock"), on: { click: () => deed(id, "unblock") } })];
    if (state === "readers") return [make("p", { textContent: say("readers_only") })];
    return state === "topic" ? [make("p", { textContent: say("topic_closed") })] : [];
  }

  typed() {
    this.weigh();
    this.commands.follow(this.input.value);
  }

  weigh() {
    this.form.classList.toggle("filled", this.input.value.trim() !== "");
  }

  slash() {
    if (this.commands.open) { this.fill(""); return; }
    this.fill("/");
    this.focus();
  }

  reply(message) { this.aim({ reply: message }, say("replying"), message); }
  edit(message) { this.aim({ edit: message }, say("editing"), message); this.fill(message.text); }

  aim(target, words, message) {
    this.target = target;
    this.context.replaceChildren(make("span", { className: "context-words" }, make("b", { textContent: words }), make("span", { textContent: gist(message), dir: "auto" })),
      iconButton("close", say("cancel"), () => { if (this.target?.edit) this.fill(""); this.drop(); }));
    this.context.hidden = false;
    this.focus();
  }

  // True when there was something to take back.
  escape() {
    if (this.commands.open) { this.commands.hide(); return true; }
    if (!this.target) return false;
    if (this.target.edit) this.fill("");
    this.drop();
    return true;
  }

  key(event) {
    if (event.isComposing) return;
    if (this.commands.key(event)) { event.preventDefault(); return; }
    if ((event.ctrlKey || event.metaKey) && SHORTCUTS[event.key]) { event.preventDefault(); wrap(this.input, SHORTCUTS[event.key]); this.typed(); return; }
    if (event.key === "ArrowUp" && !this.input.value) { event.preventDefault(); this.editLast(); return; }
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); this.send(); }
  }

  editLast() {
    const own = this.desk.chat.messages().filter((one) => one.from?.id === this.desk.person.id && one.text).at(-1);
    if (own) this.edit(own);
  }

  pasted(event) {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    this.attachments.add(event.clipboardData.files, true);
  }

  async send() {
    const raw = this.input.value.trim();
    const { text, entities } = marked(raw);
    if (!text && !this.attachments.any) return;
    const target = this.target;
    const facts = { chat: this.desk.chat.id, ...this.desk.threaded(), ...(target?.reply ? { reply_to: target.reply.message_id } : {}) };
    const formatting = entities.length ? { entities } : {};
    this.clear();
    if (this.attachments.any) { await this.attachments.send({ ...facts, ...formatting }, text); return; }
    const [name, place] = target?.edit ? ["edit", { chat: facts.chat, message_id: target.edit.message_id }] : ["send", facts];
    if (!(await deed(this.desk.person.id, name, { ...place, text, ...formatting })) && !this.input.value) this.fill(raw);
  }
}
