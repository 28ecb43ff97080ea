"""Invite links and join requests."""

from __future__ import annotations

import secrets

from bot.sandbox.failure import bad
from bot.sandbox.methods.call import Call
from bot.sandbox.methods.chats import change
from bot.sandbox.world import Chat, Json, World

LINK = "manage chat invite link"
REQUESTS = "manage chat join requests"
MOST = 99_999


def create(call: Call) -> Json:
    chat = _managed(call)
    return made(chat, _shaped(call, fresh(call.world.bot)))


def edit(call: Call) -> Json:
    return _shaped(call, _link(call))


def revoke(call: Call) -> Json:
    link = _link(call)
    link["is_revoked"] = True
    return link


def export(call: Call) -> str:
    chat = _managed(call)
    for link in chat.links.values():
        if link["is_primary"]:
            link["is_revoked"] = True
    link = create(call)
    link["is_primary"] = True
    return str(link["invite_link"])


def approve(call: Call) -> bool:
    chat, user_id, request = _request(call)
    admit(call, chat, user_id, request)
    return True


def decline(call: Call) -> bool:
    _request(call)
    return True


def fresh(creator: Json, *, asks: bool = False) -> Json:
    """Return a new link that opens at once, or one that asks."""
    link: Json = {"invite_link": f"https://t.me/+{secrets.token_urlsafe(12)}", "creator": creator}
    return link | {"is_primary": False, "is_revoked": False, "creates_join_request": asks}


def made(chat: Chat, link: Json) -> Json:
    """Let a link open a chat from now on."""
    chat.links[link["invite_link"]] = link
    return link


def told(world: World, link: Json) -> Json:
    """Return a link as the bot is told of it: that of another administrator lacks its end."""
    if link["creator"]["id"] == world.bot_id:
        return link
    address = link["invite_link"]
    return {**link, "invite_link": f"{address[: address.index('+') + 9]}..."}


def admit(call: Call, chat: Chat, user_id: int, request: Json, by: Json | None = None) -> None:
    """Let a person in whose join request was approved."""
    by = by or call.world.bot
    user = call.world.user(user_id)
    link = {"invite_link": told(call.world, request["link"])} if request.get("link") else {}
    change(call.world, chat, user_id, chat.entered(user_id), by, via_join_request=True, **link)
    call.world.announce(chat, user, {"new_chat_members": [user]})


def _managed(call: Call) -> Chat:
    chat = call.writable()
    if chat.private:
        raise bad("can't invite members to a private chat")
    call.need(chat, "can_invite_users", LINK)
    return chat


def _link(call: Call) -> Json:
    chat = _managed(call)
    found = chat.links.get(call.get("invite_link"))
    if found is None:
        raise bad("INVITE_HASH_EXPIRED")
    return found


def _shaped(call: Call, link: Json) -> Json:
    if call.get("creates_join_request") and call.get("member_limit"):
        raise bad("member limit can't be specified for links requiring administrator approval")
    expires = call.get("expire_date", 0)
    if expires and expires < call.world.clock.stamp():
        raise bad("EXPIRE_DATE_INVALID")
    if call.get("member_limit", 0) > MOST:
        raise bad("USAGE_LIMIT_INVALID")
    link |= {"creates_join_request": bool(call.get("creates_join_request"))}
    for name in ("expire_date", "member_limit"):
        if call.get(name):
            link[name] = call.get(name)
    if call.get("name"):
        link["name"] = call.get("name")[:32]
    return link


def _request(call: Call) -> tuple[Chat, int, Json]:
    user_id, chat = call.user_id(), call.writable()
    call.need(chat, "can_invite_users", REQUESTS)
    request = chat.requests.pop(user_id, None)
    if request is None and user_id in chat.answered:
        raise bad("HIDE_REQUESTER_MISSING")
    if chat.belongs(user_id):
        raise bad("USER_ALREADY_PARTICIPANT")
    if request is None:
        raise bad("USER_ID_INVALID")
    chat.answered.add(user_id)
    return chat, user_id, request
