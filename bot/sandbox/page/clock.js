// The clock in the top bar and its jumps; the bot's clock follows the sandbox's.
import { ask, hear, tell } from "/page/control.js";
import { make } from "/page/element.js";
import { toast } from "/page/notices.js";
import { everybody } from "/page/people.js";
import { commonest, nextMonday, sandboxNow, set } from "/page/time.js";
import { moment, say } from "/page/words.js";

const members = () => everybody().filter((one) => one.role !== "newcomer" && one.zone).map((one) => one.zone);
// The zone of the page: that of most members.
export const zone = () => commonest(members(), sandboxNow());

export async function clock(root, onTick) {
  const shown = make("time", { className: "now" });
  const jumps = [
    ["hour", () => ({ advance: 3600 })], ["day", () => ({ advance: 86400 })],
    ["monday", () => ({ to: nextMonday(zone(), sandboxNow()).toISOString() })], ["back_to_now", () => ({ reset: true })],
  ];
  const draw = () => {
    shown.textContent = moment(new Date(sandboxNow()), { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone() });
    shown.title = zone();
    onTick();
  };
  const jump = async (order) => {
    await tell("/clock", order());
    toast(say("clock_set", { when: moment(new Date(sandboxNow()), { dateStyle: "full", timeStyle: "short", hourCycle: "h23", timeZone: zone() }) }));
  };
  root.append(shown, ...jumps.map(([word, order]) => make("button", { type: "button", className: `jump to-${word}`, textContent: say(word), title: say(`${word}_hint`), on: { click: () => jump(order) } })));
  const take = (facts) => { set(facts); draw(); };
  hear("clock", take);
  take(await ask("/clock"));
  setInterval(draw, 5000);
}
