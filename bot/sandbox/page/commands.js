// The commands that a person sees in this chat, filtered while they type after a slash.
import { ask } from "/page/control.js";
import { make } from "/page/element.js";
import { say } from "/page/words.js";

export class Commands {
  constructor(composer) {
    this.composer = composer;
    this.at = 0;
    this.shown = [];
    this.element = make("div", { className: "commands", role: "listbox", "aria-label": say("commands"), hidden: true });
  }

  get open() { return !this.element.hidden; }

  hide() {
    this.element.hidden = true;
    this.composer.input.removeAttribute("aria-activedescendant");
  }

  async follow(text) {
    const typed = /^\/([a-z0-9_]*)$/i.exec(text);
    if (!typed) { this.hide(); return; }
    const { desk } = this.composer;
    const { commands } = await ask(`/commands?user=${desk.person.id}&chat=${desk.chat.id}`);
    if (!this.composer.input.value.startsWith("/")) return;
    this.shown = commands.filter((one) => one.command.startsWith(typed[1].toLowerCase()));
    this.at = 0;
    this.draw();
  }

  draw() {
    const group = this.composer.desk.chat.id < 0;
    this.element.replaceChildren(...this.shown.map((one, n) => make("button", {
      type: "button", role: "option", id: `command-${this.composer.desk.person.id}-${n}`, tabIndex: -1, "aria-selected": String(n === this.at),
      on: { click: () => this.run(n) },
    }, make("b", { textContent: `/${one.command}` }), make("span", { textContent: one.description, dir: "auto" }))));
    if (!this.shown.length) this.element.append(make("p", { textContent: say(group ? "no_commands_here" : "no_commands") }));
    this.element.hidden = false;
    this.mark();
  }

  mark() {
    [...this.element.children].forEach((one, n) => one.setAttribute("aria-selected", String(n === this.at)));
    const chosen = this.element.children[this.at];
    chosen?.scrollIntoView({ block: "nearest" });
    if (chosen?.id) this.composer.input.setAttribute("aria-activedescendant", chosen.id);
  }

  run(n) {
    const one = this.shown[n];
    if (!one) return;
    this.composer.clear();
    this.composer.desk.say(`/${one.command}`);
  }

  // True when the key was for this list.
  key(event) {
    if (!this.open || !this.shown.length) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) { this.at = (this.at + step + this.shown.length) % this.shown.length; this.mark(); return true; }
    if (event.key === "Tab" && !event.shiftKey) { this.composer.fill(`/${this.shown[this.at].command} `); return true; }
    if (event.key === "Enter" && !event.shiftKey) { this.run(this.at); return true; }
    return false;
  }
}
