// The inspector: every call of the bot and every update it was given, as JSON.
import { ask, hear } from "/page/control.js";
import { make } from "/page/element.js";
import { faults } from "/page/faults.js";
import { copy } from "/page/keys.js";
import { person } from "/page/people.js";
import { story } from "/page/story.js";
import { moment, say } from "/page/words.js";

const KEPT = 300;

export class Inspector {
  constructor(show) {
    Object.assign(this, { show, rows: new Map(), wanted: "" });
    this.list = make("ol", { className: "journal" });
    this.count = make("small", {});
    this.filter = make("input", { type: "search", placeholder: say("filter"), "aria-label": say("filter"), on: { input: () => this.sift() } });
    const clear = make("button", { type: "button", className: "small-button", textContent: say("clear"), on: { click: () => { this.rows.clear(); this.list.replaceChildren(); this.counted(); } } });
    const test = make("button", { type: "button", className: "small-button", textContent: say("copy_test"), title: say("copy_test_hint"), on: { click: () => this.copyTest() } });
    this.element = make("div", { className: "inspector" }, faults(), make("div", { className: "sieve" }, this.filter, test, clear), this.list, this.count);
    hear("call", (entry) => this.call(entry));
    hear("update", (entry) => this.update(entry));
  }

  // The story so far, as a test that plays it again.
  async copyTest() {
    const [calls, updates] = await Promise.all([ask("/calls"), ask("/updates")]);
    await copy(story(calls, updates), {});
  }

  async begin() {
    const [calls, updates] = await Promise.all([ask(`/calls?limit=${KEPT}`), ask(`/updates?limit=${KEPT}`)]);
    const past = [...calls.map((entry) => [entry.at, () => this.call(entry)]), ...updates.map((entry) => [entry.at, () => this.update(entry)])];
    for (const [, add] of past.sort(([a], [b]) => (a < b ? -1 : 1))) add();
  }

  // Polls say nothing beyond the updates they bring.
  call(entry) {
    if (entry.method === "getUpdates" && (entry.status === null || entry.status === 200)) return;
    const bad = entry.violation || (entry.status !== null && entry.status !== 200);
    const whom = person(entry.parameters.chat_id)?.first_name;
    const outcome = entry.status === null ? "…" : `${entry.status || say("no_answer")} · ${entry.ms} ms`;
    const facts = [whom, outcome].filter(Boolean).join(" · ");
    this.put(`call:${entry.n}`, { name: entry.method, facts, bad, out: true, at: entry.at, place: placeOfCall(entry), body: callBody(entry) });
  }

  update(entry) {
    const [kind] = Object.keys(entry.update).filter((key) => key !== "update_id");
    this.put(`update:${entry.n}`, { name: kind, facts: whoOf(entry.update[kind]), at: entry.at, place: placeOf(entry.update[kind].message || entry.update[kind]), body: entry.update });
  }

  put(key, row) {
    const text = JSON.stringify(row.body, null, 2);
    const element = this.drawn(row, text);
    const kept = { element, text: `${row.name} ${text}`.toLowerCase() };
    const old = this.rows.get(key);
    this.rows.set(key, kept);
    element.hidden = !kept.text.includes(this.wanted);
    if (old) { element.firstChild.open = old.element.firstChild.open; old.element.replaceWith(element); } else { this.list.prepend(element); }
    while (this.rows.size > KEPT) this.forget(this.rows.keys().next().value);
    this.counted();
  }

  forget(key) {
    this.rows.get(key).element.remove();
    this.rows.delete(key);
  }

  drawn({ name, facts, bad, out, at, place, body }, text) {
    const summary = make("summary", {}, make("span", { className: "way", title: say(out ? "way_out" : "way_in"), textContent: out ? "→" : "←" }),
      make("b", { textContent: name }), make("small", { textContent: facts, dir: "auto" }), make("time", { textContent: moment(new Date(at), { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }) }));
    const details = make("details", {}, summary);
    details.addEventListener("toggle", () => {
      if (!details.open || details.children.length > 1) return;
      details.append(make("div", { className: "row-tools" },
        make("button", { type: "button", className: "small-button", textContent: say("copy_json"), on: { click: () => copy(text, {}) } }),
        place && make("button", { type: "button", className: "small-button", textContent: say("show_message"), on: { click: () => this.show(place) } })),
      make("pre", { tabIndex: 0, textContent: text }));
    });
    return make("li", { className: [bad ? "bad" : "", out ? "out" : "in", body?.fault ? "fault" : ""].join(" ") }, details);
  }

  sift() {
    this.wanted = this.filter.value.toLowerCase();
    for (const { element, text } of this.rows.values()) element.hidden = !text.includes(this.wanted);
    this.counted();
  }

  counted() {
    const shown = [...this.rows.values()].filter(({ element }) => !element.hidden).length;
    this.count.textContent = say("rows_shown", { n: shown, all: KEPT });
  }
}

function callBody(entry) {
  const { parameters, answer, violation, fault } = entry;
  return { method: entry.method, parameters, ...(fault ? { fault } : {}), ...(violation ? { violation } : {}), answer: parsed(answer) };
}

function parsed(answer) {
  try { return JSON.parse(answer); } catch { return answer; }
}

function placeOfCall(entry) {
  const result = parsed(entry.answer)?.result;
  if (result?.chat) return placeOf(result);
  const { chat_id: chat, message_id: id } = entry.parameters;
  return chat && id ? { chat, id } : null;
}

function placeOf(message) {
  if (!message?.chat || !message.message_id) return null;
  return { chat: message.chat.id, id: message.message_id, thread: message.chat.is_forum ? (message.is_topic_message && message.message_thread_id) || 0 : null };
}

function whoOf(body) { return body.from?.first_name || body.chat?.title || ""; }
