// What can be done in a chat beside writing: block, leave, and what owners and administrators may.
import { deed } from "/page/control.js";
import { popUp } from "/page/menu.js";
import { question } from "/page/notices.js";
import { say } from "/page/words.js";

export function chatMenu(desk, one, topic, event) {
  const rows = one.chat.type === "private" ? priv(desk, one) : group(desk, one, topic);
  popUp(event.currentTarget, event, rows);
}

function priv(desk, one) {
  const { id } = desk.person;
  return [
    [say("restart"), () => deed(id, "start")],
    one.blocked ? [say("unblock"), () => deed(id, "unblock")] : [say("block"), () => deed(id, "block"), "danger"],
  ];
}

function group(desk, one, topic) {
  const chat = one.chat.id;
  const act = (name, facts = {}) => async () => { await deed(desk.person.id, name, { chat, ...facts }); desk.list.refresh(); };
  const staff = one.role === "creator" || one.role === "administrator";
  return [
    ...(staff ? [...topics(desk, one, topic, act), ...theBot(one, act)] : []),
    one.role === "creator" ? null : [say("leave_chat"), async () => { await act("leave")(); desk.open(desk.person.id); }, "danger"],
  ];
}

function topics(desk, one, topic, act) {
  if (!one.chat.is_forum) return [];
  const make = () => question(say("new_topic"), [{ name: "name", label: say("topic_name") }], say("create"), async ({ name }) => {
    const made = await deed(desk.person.id, "topic", { chat: one.chat.id, name });
    if (made) desk.open(one.chat.id, made.message_thread_id);
  });
  const thread = { message_thread_id: topic?.message_thread_id };
  return [[say("new_topic"), make], topic?.name && [say(topic.closed ? "reopen_topic" : "close_topic"), act(topic.closed ? "reopen_topic" : "close_topic", thread)],
    topic?.name && [say("delete_topic"), async () => { await act("delete_topic", thread)(); desk.open(one.chat.id, 0); }, "danger"]];
}

// Without its rights, or outside, the bot meets the refusals that a real group gives.
function theBot({ bot }, act) {
  const user = { user: "bot" };
  if (bot.status === "administrator") return [[say("demote_bot"), act("demote", user)], [say("remove_bot"), act("remove", user), "danger"]];
  return [[say("promote_bot"), act("promote", user)], bot.status === "member" && [say("remove_bot"), act("remove", user), "danger"]];
}
