// Short notes over the page, and alerts that wait for OK.
import { make } from "/page/element.js";
import { say } from "/page/words.js";

const SHOWN_MS = 4500;

export function toast(words, place = document.getElementById("toasts")) {
  const note = make("p", { className: "toast", textContent: words, dir: "auto" });
  place.append(note);
  setTimeout(() => note.remove(), SHOWN_MS);
}

export function alertOf(words) {
  const fine = make("button", { type: "submit", className: "primary", textContent: say("ok") });
  ask(make("p", { textContent: words, dir: "auto" }), fine);
}

// A question with fields; `done` gets the form's values when it is agreed to.
export function question(heading, fields, agree, done) {
  const cancel = make("button", { type: "button", textContent: say("cancel") });
  const inputs = fields.map(({ name, label, value = "", options }) => make("label", {}, label, options
    ? make("select", { name }, options.map(([code, words]) => make("option", { value: code, textContent: words })))
    : make("input", { name, value, required: true, dir: "auto", autocomplete: "off" })));
  const dialog = ask(make("h2", { textContent: heading }), ...inputs,
    make("div", { className: "choices" }, cancel, make("button", { type: "submit", className: "primary", textContent: agree })));
  cancel.addEventListener("click", () => dialog.close());
  dialog.addEventListener("agreed", (event) => done(event.detail));
}

function ask(...content) {
  const form = make("form", { method: "dialog" }, content);
  const dialog = make("dialog", {}, form);
  form.addEventListener("submit", () => dialog.dispatchEvent(new CustomEvent("agreed", { detail: Object.fromEntries(new FormData(form)) })));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
