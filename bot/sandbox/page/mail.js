// The mailbox: who was written to, and each letter as a mail program shows it.
import { zone } from "/page/clock.js";
import { ask, hear } from "/page/control.js";
import { make } from "/page/element.js";
import { moment, say } from "/page/words.js";

const LINK = /(https?:\/\/[^\s()<>]+)/;

export class Mail {
  constructor(badge) {
    Object.assign(this, { badge, letters: new Map(), read: new Set(), chosen: null, plain: false });
    this.list = make("ol", { className: "letters" });
    this.letter = make("section", { className: "letter", "aria-live": "polite" });
    this.element = make("div", { className: "mail" }, make("p", { className: "hint", textContent: say("mail_hint") }), this.list, this.letter);
    hear("mail", (letter) => this.take([letter]));
    hear("connected", async (on) => on && this.take(await ask("/mails")));
  }

  // What had come before the page was opened is no news.
  async begin() {
    const letters = await ask("/mails");
    for (const one of letters) this.read.add(one.n);
    this.take(letters);
  }

  take(letters) {
    for (const one of letters) this.letters.set(one.n, one);
    this.draw();
  }

  newest() {
    const letter = [...this.letters.values()].at(-1);
    if (letter) this.choose(letter);
  }

  choose(letter) {
    this.chosen = letter;
    this.read.add(letter.n);
    this.draw();
    this.open();
  }

  // Who was written to last stands first, and with each the newest letter.
  draw() {
    const boxes = new Map();
    for (const one of [...this.letters.values()].sort((a, b) => b.n - a.n)) boxes.set(one.to, [...(boxes.get(one.to) || []), one]);
    this.list.replaceChildren(...[...boxes].map(([to, letters]) => make("li", {}, make("h3", { textContent: to, dir: "ltr" }), make("ol", {}, letters.map((one) => this.row(one))))));
    if (!boxes.size) this.list.append(make("li", { className: "none", textContent: say("mail_none") }));
    const unread = [...this.letters.keys()].filter((n) => !this.read.has(n)).length;
    this.badge.hidden = !unread;
    this.badge.textContent = unread;
  }

  row(one) {
    const className = ["letter-row", !this.read.has(one.n) && "unread"].filter(Boolean).join(" ");
    return make("li", {}, make("button", { type: "button", className, "aria-current": String(one.n === this.chosen?.n), on: { click: () => this.choose(one) } },
      make("span", { textContent: one.subject, dir: "auto" }), when(one)));
  }

  open() {
    const one = this.chosen;
    const kinds = [["mail_html", false], ["mail_plain", true]].map(([word, plain]) => make("button", { type: "button", className: "small-button", "aria-pressed": String(this.plain === plain), textContent: say(word), on: { click: () => { this.plain = plain; this.open(); } } }));
    this.letter.replaceChildren(
      make("header", {}, make("b", { textContent: one.subject, dir: "auto" }), make("small", { textContent: say("mail_from", { from: one.from, to: one.to }), dir: "auto" }), make("div", { className: "letter-kinds" }, kinds)),
      this.plain ? make("pre", { tabIndex: 0, dir: "auto" }, linked(one.text)) : shown(one));
  }
}

function when(one) {
  return make("time", { textContent: moment(new Date(one.at), { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone() }) });
}

// Nothing in a letter runs or loads; its links open beside this page.
function shown(one) {
  return make("iframe", { src: `/sandbox/mails/${one.n}`, title: one.subject, sandbox: "allow-popups allow-popups-to-escape-sandbox", referrerPolicy: "no-referrer" });
}

function linked(text) {
  return text.split(LINK).map((part, n) => (n % 2 ? make("a", { href: part, textContent: part, target: "_blank", rel: "noreferrer" }) : part));
}
