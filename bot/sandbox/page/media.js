// What a message carries beside words: documents, pictures, and the kinds that are only named.
import { icon, make } from "/page/element.js";
import { moment, say } from "/page/words.js";

const KINDS = ["sticker", "voice", "location", "contact"];

export function media(message) {
  if (message.document) return [documentOf(message)];
  if (message.photo) return [photoOf(message)];
  if (message.poll) return [pollOf(message.poll)];
  return KINDS.filter((kind) => message[kind]).map((kind) => make("p", { className: "kind", textContent: say(`kind_${kind}`) }));
}

export function sizeOf(bytes) {
  const units = ["B", "kB", "MB"];
  let at = 0;
  let left = bytes || 0;
  while (left >= 1000 && at < units.length - 1) { left /= 1000; at += 1; }
  return `${left.toLocaleString(document.documentElement.lang, { maximumFractionDigits: left < 10 && at ? 1 : 0 })} ${say(`unit_${units[at]}`)}`;
}

function documentOf(message) {
  const { file_id, file_name, file_size } = message.document;
  const name = file_name || say("file");
  const facts = make("span", { className: "file-facts" }, make("b", { textContent: name, dir: "auto" }), make("small", { textContent: sizeOf(file_size) }));
  if (message.has_protected_content) return make("div", { className: "file" }, make("span", { className: "file-mark" }, icon("lock")), facts);
  const label = `${say("download")}: ${name}`;
  return make("a", { className: "file", href: `/sandbox/files/${file_id}`, download: name, "aria-label": label }, make("span", { className: "file-mark" }, icon("download")), facts);
}

function photoOf(message) {
  const { file_id, width, height } = message.photo.at(-1);
  const picture = make("img", { src: `/sandbox/files/${file_id}`, alt: message.caption || say("picture"), width, height, loading: "lazy" });
  picture.addEventListener("error", () => picture.replaceWith(make("p", { className: "kind" }, icon("picture"), say("picture"))));
  return make("figure", {}, picture);
}

function pollOf(poll) {
  const options = poll.options.map((option) => make("li", {}, option.text, make("small", { textContent: String(option.voter_count) })));
  return make("div", { className: "poll" }, make("b", { textContent: poll.question, dir: "auto" }), make("ul", {}, options));
}

export function clockOf(message, zone) {
  return moment(new Date(message.date * 1000), { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: zone });
}

export function dayOf(message, zone) {
  return moment(new Date(message.date * 1000), { weekday: "long", day: "numeric", month: "long", timeZone: zone });
}
