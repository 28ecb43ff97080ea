// The open chat: its messages as they come, change and go.
import { coalesced } from "/page/coalesced.js";
import { ask, tell } from "/page/control.js";
import { arrange, icon, make } from "/page/element.js";
import { answered } from "/page/keys.js";
import { dayOf } from "/page/media.js";
import { walk } from "/page/menu.js";
import { bubble } from "/page/message.js";
import { avatar, bot, description } from "/page/people.js";
import { service } from "/page/service.js";
import { say } from "/page/words.js";

const NEAR_PX = 60;
const TYPING_MS = 5000;
const GROUPED_SECONDS = 600;

export class Chat {
  constructor(desk, id, thread) {
    Object.assign(this, { desk, id, thread, change: 0, known: new Map(), drawn: new Map(), news: 0, keyboard: null, blocked: false, typing: "" });
    this.log = make("div", { className: "log", role: "log", "aria-label": say("messages"), tabIndex: 0, on: { scroll: () => this.scrolled(), keydown: (event) => this.steer(event) } });
    this.newer = make("button", { type: "button", className: "newer", hidden: true, on: { click: () => this.down() } });
    this.element = make("div", { className: "reading" }, this.log, this.newer);
    this.refresh = coalesced(() => this.fetch());
    // Pictures, folded quotes and the composer change heights after the fact; who read the end stays there.
    this.watcher = new ResizeObserver(() => { if (this.held) this.down(); });
    this.watcher.observe(this.log);
    this.held = true;
  }

  close() { this.closed = true; this.watcher.disconnect(); clearTimeout(this.quiet); }

  async fetch() {
    const found = await ask(`/users/${this.desk.person.id}/chats/${this.id}/messages?after=${this.change}`);
    if (this.closed) return;
    const fresh = this.change > 0;
    for (const message of found.messages) this.take(message);
    for (const note of found.callback_answers) answered(this.desk, note, fresh);
    if (fresh) this.act(found);
    Object.assign(this, { keyboard: found.keyboard, blocked: found.blocked });
    this.change = Math.max(this.change, found.change);
    this.ready = true;
    this.draw(fresh);
    this.desk.drawn();
  }

  take(message) {
    if (message.deleted) this.known.delete(message.message_id);
    else if (this.thread === null || ((message.is_topic_message && message.message_thread_id) || 0) === this.thread) this.known.set(message.message_id, message);
  }

  act(found) {
    const latest = found.actions.at(-1);
    if (!latest || found.messages.some((one) => one.from?.is_bot && one.change > latest.change)) { this.still(); return; }
    this.typing = latest.action;
    clearTimeout(this.quiet);
    this.quiet = setTimeout(() => { this.still(); this.desk.drawn(); }, TYPING_MS);
  }

  still() { this.typing = ""; clearTimeout(this.quiet); }

  messages() { return [...this.known.values()].sort((a, b) => a.message_id - b.message_id); }

  draw(fresh) {
    const before = this.drawn;
    const held = this.held;
    const focused = this.focus();
    this.drawn = new Map();
    const units = albums(this.messages());
    arrange(this.log, units.length ? this.rows(units, before) : [this.welcome()]);
    this.refocus(focused);
    const news = units.filter(([first]) => !before.has(first.message_id) && first.from?.id !== this.desk.person.id).length;
    const mine = units.some(([first]) => !before.has(first.message_id) && first.from?.id === this.desk.person.id);
    if (held || mine || !fresh) this.down();
    else if (news) this.tellNews(news);
  }

  rows(units, before) {
    const rows = [];
    let day = null;
    let last = null;
    for (const unit of units) {
      const [first] = unit;
      const today = dayOf(first, this.desk.zone);
      if (today !== day) rows.push(this.separator(today));
      const element = this.drawing(unit, before);
      element.classList.toggle("follow", today === day && follows(last, first));
      rows.push(element);
      day = today;
      last = first;
    }
    return rows;
  }

  welcome() {
    if (this.id !== this.desk.person.id) return make("p", { className: "welcome", textContent: say("nothing_yet") });
    return make("div", { className: "welcome" }, avatar(bot.id, bot.name), make("b", { textContent: bot.name }), make("p", { dir: "auto", textContent: description(this.desk.person) }));
  }

  separator(day) {
    this.days ??= new Map();
    if (!this.days.has(day)) this.days.set(day, make("div", { className: "day", role: "separator" }, make("span", { textContent: day })));
    return this.days.get(day);
  }

  drawing(unit, before) {
    const key = unit[0].message_id;
    const change = Math.max(...unit.map((one) => one.change)) + unit.length / 100;
    const old = before.get(key);
    const kept = old?.change === change ? old : { change, element: bubble(this.desk, unit) };
    if (old && kept !== old && unit[0].edit_date) kept.element.classList.add("changed");
    if (!old && this.change) kept.element.classList.add("arrived");
    this.drawn.set(key, kept);
    return kept.element;
  }

  again(id) { const kept = this.drawn.get(id); if (kept) kept.change = -1; this.draw(true); }

  focus() {
    const holder = document.activeElement?.closest?.(".message");
    if (!holder || !this.log.contains(holder)) return null;
    return { id: Number(holder.dataset.id), at: [...holder.querySelectorAll(".key")].indexOf(document.activeElement) };
  }

  refocus(focused) {
    if (!focused || this.log.contains(document.activeElement)) return;
    const element = this.drawn.get(focused.id)?.element;
    const target = element?.querySelectorAll(".key")[focused.at] || element;
    target?.focus({ preventScroll: true });
  }

  jump(id) {
    const element = this.drawn.get(id)?.element;
    if (!element) return;
    element.scrollIntoView({ block: "center", behavior: "smooth" });
    element.classList.remove("changed");
    requestAnimationFrame(() => element.classList.add("changed"));
  }

  down() {
    this.log.scrollTop = this.log.scrollHeight;
    this.held = true;
    this.news = 0;
    this.newer.hidden = true;
    this.read();
  }

  scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.log;
    this.held = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    if (this.held) { this.news = 0; this.newer.hidden = true; this.read(); }
    else if (!this.news) this.offer("");
  }

  tellNews(news) {
    this.news += news;
    this.offer(say("new_messages", { n: this.news }));
  }

  offer(words) {
    this.newer.replaceChildren(icon("down"), words);
    this.newer.setAttribute("aria-label", words || say("to_the_end"));
    this.newer.classList.toggle("bare", !words);
    this.newer.hidden = false;
  }

  async read() {
    const last = this.messages().at(-1)?.message_id || 0;
    if (last <= (this.seen || 0) || document.hidden) return;
    this.seen = last;
    await tell(`/users/${this.desk.person.id}/read`, { chat: this.id, thread: this.thread || 0, message_id: last });
    this.desk.list.refresh();
  }

  steer(event) {
    const items = [...this.log.querySelectorAll(".message:not(.service)")];
    if (event.target === this.log && event.key === "ArrowUp" && this.held && items.length) { event.preventDefault(); items.at(-1).focus(); return; }
    if (event.target.classList.contains("message")) walk(event, items);
  }
}

function albums(messages) {
  const units = [];
  for (const message of messages) {
    const last = units.at(-1);
    if (message.media_group_id && last?.[0].media_group_id === message.media_group_id) last.push(message);
    else units.push([message]);
  }
  return units;
}

function follows(last, message) {
  return last && last.from?.id === message.from?.id && !service(last) && !service(message) && message.date - last.date < GROUPED_SECONDS;
}
