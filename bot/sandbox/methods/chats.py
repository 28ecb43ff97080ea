"""Chats and who belongs to them: reading, banning, restricting, promoting, leaving."""

from __future__ import annotations

from bot.sandbox.failure import bad
from bot.sandbox.methods.call import Call
from bot.sandbox.world import CHANNEL_RIGHTS, RIGHTS, Chat, Json, Membership, World

_KINDS = (
    "messages",
    "audios",
    "documents",
    "photos",
    "videos",
    "video_notes",
    "voice_notes",
    "polls",
    "other_messages",
)


def member_body(world: World, chat: Chat, account: int) -> Json:
    """Return the Bot API's ChatMember of an account."""
    member = chat.member(account)
    body: Json = {"user": world.user(account), "status": member.status}
    if member.status == "creator":
        body["is_anonymous"] = False
    if member.status == "administrator":
        known = RIGHTS + (CHANNEL_RIGHTS if chat.type == "channel" else ())
        body |= {right: right in member.rights for right in known}
        body |= {"can_be_edited": False, "is_anonymous": False}
    if member.status == "restricted":
        body |= {f"can_send_{kind}": member.can_send for kind in _KINDS}
        other = "can_add_web_page_previews can_change_info can_invite_users can_pin_messages can_manage_topics"
        body |= {**dict.fromkeys(other.split(), False), "can_edit_tag": False, "is_member": True, "until_date": 0}
    if member.status == "kicked":
        body["until_date"] = member.until
    return body


def change(world: World, chat: Chat, account: int, to: Membership, by: Json, **via: object) -> None:
    """Change how an account belongs to a chat and tell the bot: of itself always, of others as an administrator."""
    before = member_body(world, chat, account)
    chat.members[account] = to
    body: Json = {"chat": world.described(chat), "from": by, "date": world.clock.stamp()}
    body |= {"old_chat_member": before, "new_chat_member": member_body(world, chat, account), **via}
    world.touch(chat)
    if account == world.bot_id:
        world.tell("my_chat_member", body)
    elif chat.member(world.bot_id).status == "administrator":
        world.tell("chat_member", body)


def get_chat(call: Call) -> Json:
    chat = call.chat()
    if not chat.private:
        call.inside(chat)
    body = {**call.world.described(chat), "accent_color_id": 0, "max_reaction_count": 11}
    body["accepted_gift_types"] = dict.fromkeys(
        ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), False
    )
    return body


def get_member(call: Call) -> Json:
    chat = call.chat()
    if not chat.private:
        call.inside(chat)
    user_id = call.user_id()
    if chat.type == "channel" and chat.member(call.world.bot_id).status != "administrator":
        raise bad("member list is inaccessible")
    if user_id not in call.world.users and user_id != call.world.bot_id:
        raise bad("member not found")
    return member_body(call.world, chat, user_id)


def get_administrators(call: Call) -> list[Json]:
    chat = call.chat()
    if chat.private:
        raise bad("there are no administrators in the private chat")
    call.inside(chat)
    staff = [a for a, m in chat.members.items() if m.status in {"creator", "administrator"}]
    return [member_body(call.world, chat, account) for account in staff]


def get_count(call: Call) -> int:
    chat = call.chat()
    return 2 if chat.private else sum(chat.belongs(account) for account in chat.members)


def ban(call: Call) -> bool:
    chat, user_id = _restrictable(call)
    if chat.member(user_id).status != "kicked":
        change(call.world, chat, user_id, Membership("kicked", until=call.get("until_date", 0)), call.world.bot)
    return True


def unban(call: Call) -> bool:
    chat = call.chat()
    if chat.type == "group":
        raise bad("method is available for supergroup and channel chats only")
    call.need(chat, "can_restrict_members", "restrict/unrestrict chat member")
    user_id = call.user_id()
    only_banned = call.get("only_if_banned", False)
    status = chat.member(user_id).status
    if status == "kicked" or (not only_banned and chat.belongs(user_id)):
        change(call.world, chat, user_id, Membership("left"), call.world.bot)
    return True


def restrict(call: Call) -> bool:
    chat, user_id = _restrictable(call)
    if chat.type != "supergroup":
        raise bad("method is available only for supergroups")
    can_send = bool((call.get("permissions") or {}).get("can_send_messages"))
    to = Membership("member") if can_send else Membership("restricted", can_send=False)
    change(call.world, chat, user_id, to, call.world.bot)
    return True


def promote(call: Call) -> bool:
    chat = call.chat()
    if chat.type == "group":
        raise bad("method is available for supergroup and channel chats only")
    call.need(chat, "can_promote_members", "promote chat member")
    rights = {right for right in RIGHTS + CHANNEL_RIGHTS if call.get(right)}
    to = Membership("administrator", rights) if rights else Membership("member")
    change(call.world, chat, call.user_id(), to, call.world.bot)
    return True


def set_title(call: Call) -> bool:
    chat = call.chat()
    chat.member(call.user_id()).title = call.get("custom_title") or call.get("tag")
    return True


def leave(call: Call) -> bool:
    chat = call.chat()
    call.inside(chat)
    change(call.world, chat, call.world.bot_id, Membership("left"), call.world.bot)
    call.world.service(chat, call.world.bot, {"left_chat_member": call.world.bot})
    return True


def _restrictable(call: Call) -> tuple[Chat, int]:
    chat, user_id = call.chat(), call.user_id()
    call.inside(chat)
    if user_id == call.world.bot_id:
        raise bad("can't restrict self")
    call.need(chat, "can_restrict_members", "restrict/unrestrict chat member")
    status = chat.member(user_id).status
    if status == "creator":
        raise bad("can't remove chat owner")
    if status == "administrator":
        raise bad("user is an administrator of the chat")
    return chat, user_id
