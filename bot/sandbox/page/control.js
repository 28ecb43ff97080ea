// The sandbox's control API, and the stream of what happens in it.
import { toast } from "/page/notices.js";

const listeners = new Map();
let born = null;

export async function ask(path) { return request("GET", path); }
export async function tell(path, facts = {}) { return request("POST", path, facts); }
export async function withdraw(path) { return request("DELETE", path); }

// A deed of a person; a refusal is shown and answers null, for a client that simply does not let them.
export async function deed(person, name, facts = {}) {
  try {
    return await tell(`/users/${person}/${name}`, facts);
  } catch (error) {
    toast(error.message);
    return null;
  }
}

async function request(method, path, facts) {
  const answer = await fetch(`/sandbox${path}`, {
    method, headers: facts ? { "Content-Type": "application/json" } : {}, body: facts && JSON.stringify(facts),
  });
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error || String(answer.status));
  return found;
}

export function hear(kind, act) {
  if (!listeners.has(kind)) listeners.set(kind, new Set());
  listeners.get(kind).add(act);
  return () => listeners.get(kind).delete(act);
}

function spread(kind, body) {
  for (const act of listeners.get(kind) || []) act(body);
}

// EventSource tries again by itself; a sandbox that was born anew means a new world, so the page begins anew too.
export function listen() {
  const events = new EventSource("/sandbox/events");
  for (const kind of ["change", "call", "update", "clock", "people", "mail"]) {
    events.addEventListener(kind, (event) => spread(kind, JSON.parse(event.data)));
  }
  events.addEventListener("open", async () => {
    const bot = await ask("/bot").catch(() => null);
    if (bot && born && bot.born !== born) location.reload();
    born = bot?.born ?? born;
    spread("connected", true);
  });
  events.addEventListener("error", () => spread("connected", false));
}
