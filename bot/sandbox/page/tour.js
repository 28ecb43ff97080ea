// The tour: seven steps that tick themselves when they happen, whoever makes them happen.
import { ask, hear } from "/page/control.js";
import { icon, make } from "/page/element.js";
import { everybody, nameOf, pair, person } from "/page/people.js";
import { say, spoken } from "/page/words.js";

// A preview leads back to the schedule; the digest itself lets one change it.
const CAME = /\|digest\.change"/;
// A step is done by what the bot was given (`update`) or what it said (`call`).
const STEPS = [
  { name: "apply", who: "newcomer", call: ({ chat, words }) => person(chat)?.role === "newcomer" && /\bA-\d+\b/.test(words) },
  { name: "vouch", who: "member", update: ({ press }) => /^\d+\|vouch\|\d+\|(met|worked|office)/.test(press) },
  { name: "vet", who: "administrator", call: ({ chat, words, keys }) => person(chat)?.role === "newcomer" && /\|open\|topics"/.test(keys) && /Welcome|Добро пожаловать/.test(words) },
  { name: "follow", who: "newcomer", update: ({ press, from }) => person(from)?.role === "newcomer" && /^\d+\|top\.set\|\d+\|(digest|live)/.test(press) },
  { name: "share", who: "newcomer", call: ({ words }) => /\bD-\d+\b/.test(words) && !/\bA-\d+\b/.test(words) },
  { name: "announce", who: "administrator", call: ({ words }) => /\bN-\d+\b[^]*[▰▱]/.test(words) },
  { name: "digest", who: "newcomer", call: ({ chat, words, keys, method }) => chat > 0 && method === "sendMessage" && /digest No\.|дайджест №/i.test(words) && CAME.test(keys), points: ".to-monday", mail: true },
];

export class Tour {
  constructor(go, post) {
    Object.assign(this, { go, post, done: new Set() });
    this.steps = make("ol", { className: "steps" });
    this.progress = make("progress", { max: STEPS.length, "aria-label": say("tour") });
    this.element = make("div", { className: "tour" }, make("p", { className: "hint", textContent: say("tour_hint") }), this.progress, this.steps);
    hear("call", (entry) => this.call(entry, true));
    hear("update", (entry) => this.update(entry, true));
  }

  async begin() {
    const [calls, updates] = await Promise.all([ask("/calls"), ask("/updates")]);
    for (const entry of calls) this.call(entry, false);
    for (const entry of updates) this.update(entry, false);
    this.latest = STEPS.filter((step) => this.done.has(step.name)).at(-1)?.name;
    this.draw();
  }

  get at() { return STEPS.findIndex((step) => !this.done.has(step.name)); }

  call({ method, parameters, status }, fresh) {
    if (status !== 200 || !/^(send|edit)/.test(method)) return;
    const keys = JSON.stringify(parameters.reply_markup ?? "");
    this.see("call", { method, chat: parameters.chat_id, keys, words: `${parameters.text || ""} ${parameters.caption || ""}` }, fresh);
  }

  update({ update }, fresh) {
    const query = update.callback_query;
    if (query) this.see("update", { press: query.data, from: query.from.id }, fresh);
  }

  see(kind, facts, fresh) {
    const due = STEPS[this.at];
    const found = STEPS.filter((step) => !this.done.has(step.name) && step[kind]?.(facts));
    for (const step of found) this.done.add(step.name);
    if (!found.length || !fresh) return;
    this.latest = found.at(-1).name;
    this.draw();
    const next = STEPS[this.at];
    // Who plays something else, or has closed the tour, is left alone.
    if (next && found.includes(due) && this.element.offsetParent) this.go(this.actor(next));
  }

  actor(step) {
    const [newcomer, administrator] = pair(spoken());
    if (step.who === "member") return everybody().find((one) => one.role === "member" && one.language_code === spoken());
    return step.who === "administrator" ? administrator : newcomer;
  }

  draw() {
    this.progress.value = this.done.size;
    this.steps.replaceChildren(...STEPS.map((step, n) => this.step(step, n)));
    this.steps.querySelector(".current")?.scrollIntoView({ block: "nearest" });
    for (const one of document.querySelectorAll(".pointed")) one.classList.remove("pointed");
    document.querySelector(STEPS[this.at]?.points)?.classList.add("pointed");
    if (this.at < 0) this.steps.append(make("li", { className: "finished", textContent: say("tour_done") }));
  }

  step(step, n) {
    const done = this.done.has(step.name);
    const current = this.at === n;
    const actor = this.actor(step);
    const name = actor ? nameOf(actor) : "";
    const mark = make("span", { className: "step-mark", "aria-hidden": "true" }, done ? icon("check") : String(n + 1));
    const title = make("b", { textContent: say(`step_${step.name}`) });
    const why = make("p", { className: "why", textContent: say(`step_${step.name}_why`) });
    const words = done ? [make("details", { open: step.name === this.latest }, make("summary", {}, title), why)] : [title];
    if (current) words.push(make("p", { textContent: say(`step_${step.name}_do`, { name }) }), actor && make("button", { type: "button", className: "small-button", textContent: say("show_person", { name }), on: { click: () => this.go(actor) } }));
    if (step.mail && done) words.push(make("p", { textContent: say(`step_${step.name}_mail`) }), make("button", { type: "button", className: "small-button", textContent: say("show_mail"), on: { click: () => this.post() } }));
    return make("li", { className: [done && "done", current && "current", step.name === this.latest && "latest"].filter(Boolean).join(" "), "aria-current": current ? "step" : null }, mark, make("div", {}, words));
  }
}
