// Trouble on order: the next call of the bot meets it, once.
import { ask, hear, tell, withdraw } from "/page/control.js";
import { make } from "/page/element.js";
import { say } from "/page/words.js";

const TARGETS = ["sendMessage", "editMessageText", "sendDocument", "answerCallbackQuery", "*"];
const FAULTS = [
  ["429", { kind: "429", retry_after: 5 }], ["500", { kind: "500" }], ["hang", { kind: "hang", seconds: 10 }], ["reset", { kind: "reset" }],
  ["blocked", { kind: "403" }], ["topic", { kind: "400", description: "Bad Request: message thread not found" }],
  ["right", { kind: "400", description: "Bad Request: not enough rights to send text messages to the chat" }],
];

export function faults() {
  const target = make("select", { "aria-label": say("fault_target") }, TARGETS.map((one) => make("option", { value: one, textContent: one === "*" ? say("fault_any") : one })));
  const armed = make("ul", { className: "armed" });
  const clear = make("button", { type: "button", className: "small-button", textContent: say("fault_clear"), on: { click: async () => { await withdraw("/faults"); draw(); } } });
  const draw = async () => {
    const found = await ask("/faults").catch(() => []);
    armed.replaceChildren(...found.map((one) => make("li", { textContent: say("fault_armed", { kind: one.kind, method: one.method === "*" ? say("fault_any") : one.method }) })));
    if (!found.length) armed.append(make("li", { className: "none", textContent: say("fault_none") }));
    clear.disabled = !found.length;
  };
  const arm = (order) => async () => { await tell("/faults", { ...order, method: target.value }); draw(); };
  hear("call", (entry) => { if (entry.fault) draw(); });
  hear("connected", (on) => on && draw());
  return make("details", { className: "faults" }, make("summary", { textContent: say("faults") }),
    make("p", { className: "hint", textContent: say("faults_hint") }), make("label", {}, say("fault_target"), target),
    make("div", { className: "fault-row" }, FAULTS.map(([word, order]) => make("button", { type: "button", className: "small-button", textContent: say(`fault_${word}`), on: { click: arm(order) } }))),
    armed, clear);
}
