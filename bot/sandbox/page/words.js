// The page's own words, in the language that was chosen.
import { en } from "/page/words/en.js";
import { ru } from "/page/words/ru.js";

const WORDS = { en, ru };
const formatters = new Map();
let language = "en";

export function speak(wanted) {
  language = WORDS[wanted] ? wanted : "en";
  document.documentElement.lang = language;
}

export function spoken() { return language; }

// A word by its key; `{name}` is filled from `facts`, and a word with forms is chosen by `facts.n`.
export function say(key, facts = {}) {
  const word = WORDS[language][key] ?? key;
  const form = typeof word === "object" ? word[new Intl.PluralRules(language).select(facts.n)] ?? word.other : word;
  return form.replace(/\{(\w+)\}/g, (whole, name) => facts[name] ?? whole);
}

// A formatter takes long to make and is asked for by every message: each kind is made once.
export function moment(date, options) {
  const kind = language + JSON.stringify(options);
  if (!formatters.has(kind)) formatters.set(kind, new Intl.DateTimeFormat(language, options));
  return formatters.get(kind).format(date);
}

// How far a moment is, seen from another: "in 3 days", "2 hours ago".
export function distance(date, from) {
  const seconds = (date - from) / 1000;
  const steps = [["day", 86400], ["hour", 3600], ["minute", 60]];
  const [unit, size] = steps.find(([, length]) => Math.abs(seconds) >= length) || ["second", 1];
  return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(Math.round(seconds / size), unit);
}
