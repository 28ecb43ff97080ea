// The sandbox's clock, as told last: real time, with a shift or standing still.
let skew = 0;
let still = null;

export function set(facts) {
  const told = Date.parse(facts.now);
  skew = told - Date.now();
  still = facts.frozen ? told : null;
}

export function sandboxNow() { return still ?? Date.now() + skew; }

// How many minutes a zone is ahead of UTC at a moment.
export function ahead(zone, at) {
  const parts = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" }).formatToParts(at);
  const [, sign, hours, minutes] = /GMT([+-])(\d+):(\d+)/.exec(parts.find((one) => one.type === "timeZoneName").value) || [null, "+", 0, 0];
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

// The zone whose hour most of these zones share.
export function commonest(zones, at) {
  const counts = new Map();
  for (const zone of zones) counts.set(ahead(zone, at), [...(counts.get(ahead(zone, at)) || []), zone]);
  return [...counts.values()].sort((a, b) => b.length - a.length)[0]?.[0] || "UTC";
}

// The next Monday 09:00 of a zone after a moment.
export function nextMonday(zone, from) {
  const shift = ahead(zone, from) * 60000;
  const local = new Date(from + shift);
  local.setUTCHours(9, 0, 1, 0);
  local.setUTCDate(local.getUTCDate() + ((8 - local.getUTCDay()) % 7));
  if (local.getTime() - shift <= from) local.setUTCDate(local.getUTCDate() + 7);
  return new Date(local.getTime() - shift);
}
