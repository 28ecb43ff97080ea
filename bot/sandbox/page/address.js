// The view in the address, so that it can be linked: `?people=301,101~-1001.7&lang=ru&panel=tour`.
const LEAST_PX = 330;
const MOST = 4;

export function read() {
  const query = new URLSearchParams(location.search);
  return {
    language: query.get("lang"),
    panel: query.get("panel"),
    people: (query.get("people") || "").split(",").filter(Boolean).map((one) => {
      const [id, chat, thread] = one.split(/[~.]/);
      return { id: Number(id), chat: chat ? Number(chat) : undefined, thread: thread ? Number(thread) : null };
    }),
  };
}

export function write(columns, panel) {
  const query = new URLSearchParams(location.search);
  const people = columns.map(({ person, chat }) => {
    if (!chat || chat.id === person.id) return String(person.id);
    return `${person.id}~${chat.id}${chat.thread === null ? "" : `.${chat.thread}`}`;
  });
  query.set("people", people.join(","));
  query.set("panel", panel || "none");
  history.replaceState(null, "", `?${decodeURIComponent(query)}`);
}

// How many people stand side by side here.
export function room(panel) {
  const beside = panel?.offsetParent && getComputedStyle(panel).position !== "fixed" ? panel.offsetWidth : 0;
  return Math.max(1, Math.min(MOST, Math.floor((window.innerWidth - beside) / LEAST_PX)));
}
