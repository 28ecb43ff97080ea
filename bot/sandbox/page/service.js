// Service messages in words, and one line that tells what a message holds.
import { nameOf } from "/page/people.js";
import { say } from "/page/words.js";

const SAID = {
  new_chat_members: ({ from, new_chat_members: joined }) => (!from || (joined.length === 1 && joined[0].id === from.id)
    ? say("joined", { name: joined.map(nameOf).join(", ") }) : say("added", { by: nameOf(from), name: joined.map(nameOf).join(", ") })),
  left_chat_member: ({ from, left_chat_member: gone }) => (!from || gone.id === from.id ? say("left", { name: nameOf(gone) })
    : say("removed", { by: nameOf(from), name: nameOf(gone) })),
  new_chat_title: (message) => say("retitled", { title: message.new_chat_title }),
  forum_topic_created: (message) => say("topic_created", { title: message.forum_topic_created.name }),
  forum_topic_edited: (message) => say("topic_renamed", { title: message.forum_topic_edited.name || "" }),
  forum_topic_closed: () => say("topic_closed"),
  forum_topic_reopened: () => say("topic_reopened"),
  general_forum_topic_hidden: () => say("topic_hidden"),
  general_forum_topic_unhidden: () => say("topic_unhidden"),
  pinned_message: (message) => say("pinned", { name: message.from ? nameOf(message.from) : "", words: gist(message.pinned_message) }),
  migrate_to_chat_id: () => say("migrated"),
  migrate_from_chat_id: () => say("migrated"),
  group_chat_created: () => say("group_created"),
  supergroup_chat_created: () => say("group_created"),
  channel_chat_created: () => say("group_created"),
};

// The words of a service message, or null when a message is not one.
export function service(message) {
  const kind = Object.keys(SAID).find((key) => key in message);
  return kind ? SAID[kind](message) : null;
}

// One line for lists and quoted replies.
export function gist(message) {
  if (!message) return "";
  const said = service(message);
  if (said) return said;
  const kind = ["document", "photo", "poll", "sticker", "voice", "location", "contact"].find((key) => message[key]);
  const words = hushed(message).replace(/\s+/g, " ");
  if (words && !message.document) return words;
  if (message.document) return [message.document.file_name || say("file"), words].filter(Boolean).join(" · ");
  return kind ? say(kind === "photo" ? "picture" : kind === "poll" ? "poll" : `kind_${kind}`) : say("unknown_message");
}

// What is hidden in the message stays hidden in its gist.
function hushed(message) {
  let words = message.text || message.caption || "";
  for (const { type, offset, length } of message.entities || message.caption_entities || []) {
    if (type === "spoiler") words = words.slice(0, offset) + "•".repeat(length) + words.slice(offset + length);
  }
  return words;
}
