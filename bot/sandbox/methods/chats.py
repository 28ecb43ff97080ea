"""Chats and who belongs to them: reading, banning, restricting, promoting, leaving."""

from __future__ import annotations

from bot.sandbox.chat import PERMISSIONS, SENDING
from bot.sandbox.failure import bad
from bot.sandbox.methods.call import Call
from bot.sandbox.world import CHANNEL_RIGHTS, RIGHTS, Chat, Json, Membership, World

SHORTEST, LONGEST = 30, 366 * 86_400
RESTRICT = "restrict/unrestrict chat member"
_FOLLOWS = {
    "can_react_to_messages": "can_send_messages",
    "can_edit_tag": "can_pin_messages",
    "can_manage_topics": "can_pin_messages",
}
_MEDIA = [name for name in SENDING if name not in {"can_send_polls", "can_send_other_messages"}]
"""What whoever may send stickers or previews of pages may send as well, unless permissions are independent."""
_STAFF = frozenset({"creator", "administrator"})
_GIFTS = ["unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"]


def member_body(world: World, chat: Chat, account: int) -> Json:
    """Return the Bot API's ChatMember of an account."""
    member = chat.member(account)
    body: Json = {"user": world.user(account), "status": member.status}
    if member.title:
        body["custom_title" if member.status in _STAFF else "tag"] = member.title
    if member.status == "creator":
        body["is_anonymous"] = False
    if member.status == "administrator":
        known = RIGHTS + (CHANNEL_RIGHTS if chat.type == "channel" else ())
        body |= {right: right in member.rights for right in known}
        body |= {"can_be_edited": False, "is_anonymous": False}
    if member.status == "restricted":
        body |= {name: bool(member.permissions.get(name)) for name in PERMISSIONS}
        body |= {"is_member": member.inside, "until_date": member.until}
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
    chat = call.readable()
    body = {**call.world.described(chat), "accent_color_id": 0, "max_reaction_count": 11}
    body["accepted_gift_types"] = dict.fromkeys(_GIFTS, False)
    if chat.type in {"group", "supergroup"}:
        body["permissions"] = chat.permissions
    pinned = chat.messages.get(chat.pinned[-1]) if chat.pinned else None
    return body | ({"pinned_message": pinned.body} if pinned is not None and not pinned.deleted else {})


def get_member(call: Call) -> Json:
    user_id, chat = call.user_id(), call.readable()
    if chat.type == "channel" and chat.member(call.world.bot_id).status != "administrator":
        raise bad("member list is inaccessible")
    if user_id not in call.world.users and user_id != call.world.bot_id:
        raise bad("member not found")
    if chat.private:
        status = "member" if user_id in {chat.id, call.world.bot_id} else "left"
        return {"user": call.world.user(user_id), "status": status}
    return member_body(call.world, chat, user_id)


def get_administrators(call: Call) -> list[Json]:
    chat = call.readable()
    if chat.private:
        raise bad("there are no administrators in the private chat")
    if chat.type == "channel" and chat.member(call.world.bot_id).status != "administrator":
        raise bad("member list is inaccessible")
    staff = [a for a, m in chat.members.items() if m.status in _STAFF]
    return [member_body(call.world, chat, account) for account in staff]


def get_count(call: Call) -> int:
    chat = call.readable()
    return 2 if chat.private else sum(chat.belongs(account) for account in chat.members)


def ban(call: Call) -> bool:
    user_id, chat = call.user_id(), call.writable()
    _restrictable(call, chat, user_id)
    if chat.member(user_id).status != "kicked":
        change(call.world, chat, user_id, Membership("kicked", until=_until(call, chat, user_id)), call.world.bot)
    return True


def _until(call: Call, chat: Chat, user_id: int) -> int:
    """Return when a ban or restriction ends; 0 is never, and so are less than half a minute and more than a year."""
    until, now = int(call.get("until_date", 0)), call.world.clock.stamp()
    if not SHORTEST <= until - now <= LONGEST:
        return 0
    call.world.sentences.append((until, chat.id, user_id))
    return until


def unban(call: Call) -> bool:
    user_id, chat = call.user_id(), call.writable()
    _not_basic(chat)
    call.need(chat, "can_restrict_members", RESTRICT)
    status = chat.member(user_id).status
    if status == "kicked" or (not call.get("only_if_banned") and chat.belongs(user_id)):
        change(call.world, chat, user_id, Membership("left"), call.world.bot)
    return True


def restrict(call: Call) -> bool:
    user_id, chat = call.user_id(), call.writable()
    if chat.type != "supergroup":
        raise bad("method is available only for supergroups")
    _restrictable(call, chat, user_id)
    permissions, inside = _permissions(call), chat.belongs(user_id)
    to = Membership("member" if inside else "left")
    if not all(permissions.values()):
        until = _until(call, chat, user_id)
        to = Membership("restricted", permissions=permissions, until=until, inside=inside)
    change(call.world, chat, user_id, to, call.world.bot)
    return True


def set_permissions(call: Call) -> bool:
    chat = call.writable()
    if chat.private or chat.type == "channel":
        raise bad(f"can't change {chat.type} chat permissions")
    call.need(chat, "can_restrict_members", "change chat permissions")
    chat.permissions = _permissions(call)
    call.world.touch(chat)
    return True


def _permissions(call: Call) -> dict[str, bool]:
    """Return the permissions that a call gives: what it leaves out follows another or is taken away."""
    given = call.get("permissions", {})
    found = {name: bool(given.get(name, given.get(_FOLLOWS.get(name, name)))) for name in PERMISSIONS}
    if not call.get("use_independent_chat_permissions"):
        media = found["can_send_other_messages"] or found["can_add_web_page_previews"]
        found |= dict.fromkeys(_MEDIA, True) if media else {}
        found["can_send_messages"] |= found["can_send_polls"]
    return found


def promote(call: Call) -> bool:
    user_id, chat = call.user_id(), call.writable()
    _not_basic(chat)
    if chat.member(user_id).status == "creator":
        raise bad("can't remove chat owner")
    call.need(chat, "can_promote_members", "promote chat member")
    rights = {right for right in RIGHTS + CHANNEL_RIGHTS if call.get(right)}
    if not all(chat.may(call.world.bot_id, right) for right in rights):
        raise bad("RIGHT_FORBIDDEN")
    to = Membership("administrator", rights) if rights else Membership("member")
    change(call.world, chat, user_id, to, call.world.bot)
    return True


def set_title(call: Call) -> bool:
    user_id, chat = call.user_id(), call.writable()
    if chat.type != "supergroup":
        raise bad("method is available only for supergroups")
    if chat.member(user_id).status == "creator":
        raise bad("only creator can edit their custom title")
    if chat.member(user_id).status != "administrator":
        raise bad("user is not an administrator")
    chat.member(user_id).title = call.get("custom_title")
    return True


def set_tag(call: Call) -> bool:
    user_id, chat = call.user_id(), call.writable()
    if chat.member(user_id).status not in {"member", "restricted"}:
        raise bad("PARTICIPANT_ID_INVALID")
    chat.member(user_id).title = call.get("tag")
    return True


def leave(call: Call) -> bool:
    chat = call.readable()
    if chat.private:
        raise bad("chat member status can't be changed in private chats")
    call.world.announce(chat, call.world.bot, {"left_chat_member": call.world.bot}, own=True)
    change(call.world, chat, call.world.bot_id, Membership("left"), call.world.bot)
    return True


def _not_basic(chat: Chat) -> None:
    if chat.type not in {"supergroup", "channel"}:
        raise bad("method is available for supergroup and channel chats only")


def _restrictable(call: Call, chat: Chat, user_id: int) -> None:
    if user_id == call.world.bot_id:
        raise bad("can't restrict self")
    status = chat.member(user_id).status
    if status == "creator":
        raise bad("can't remove chat owner")
    call.need(chat, "can_restrict_members", RESTRICT)
    if status == "administrator":
        raise bad("user is an administrator of the chat")
