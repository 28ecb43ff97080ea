"""What `check` finds out, without changing anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.clock import Clock
from bot.config import Config, Loaded
from bot.mail.checking import mail_problems
from bot.overview import overview
from bot.transport import NO_ANSWER, Wire
from handlers.groups.rights import RIGHTS, rights_missing
from storage import groups, members, migrations
from storage.database import Database
from storage.groups import BoundGroup
from storage.members import BELONGING, Role

_INLINE = "supports_inline_queries"
_INLINE_IS = {
    False: (_INLINE, False, "inline mode is off, so that nothing marked leaves through other chats"),
    True: (_INLINE, True, "inline mode is on, so that members find what is TLP:CLEAR from other chats"),
}
_SETTINGS = (
    ("can_join_groups", True, "groups are allowed, so that topics can live in one"),
    (
        "can_read_all_group_messages",
        False,
        "privacy mode is on, so that the bot reads no talk in groups; where it is an administrator it reads all",
    ),
    ("supports_guest_queries", False, "guest mode is off, so that nobody summons the bot into foreign chats"),
    ("has_topics_enabled", False, "topics in private chats are off, so that nobody misses a message in one of them"),
    (
        "supports_join_request_queries",
        False,
        "join requests come to administrators, so that none waits for an answer that must be given in ten seconds",
    ),
)


async def examine(loaded: Loaded) -> tuple[list[str], list[str]]:
    """Return problems and remarks about the database, the token, the settings at BotFather and the mail server."""
    problems: list[str] = []
    remarks: list[str] = []
    found = await overview(loaded)
    if isinstance(found, str):
        problems.append(found)
    elif found["schema"] == migrations.newest():
        remarks += await _warnings(loaded, found)
    await _ask_telegram(loaded, problems, remarks, await _bound(loaded, found))
    problems += await mail_problems(loaded)
    if not loaded.settings.network.administrators:
        problems.append("network.administrators is empty: nobody could approve the first application.")
    return problems, remarks


async def _warnings(loaded: Loaded, found: dict[str, Any]) -> list[str]:
    """Return what works, and yet would let people wait for ever."""
    warnings = []
    if "paused" in found:
        told = "digests, announcements and reminders rest until `network-bot resume`."
        warnings.append(f"WARNING: the network is paused ({found['paused']}): {told}")
    database = Database(loaded.storage_url)
    try:
        return warnings + await _too_few(database, loaded.settings, Clock().now())
    finally:
        await database.close()


async def _too_few(database: Database, settings: Config, now: datetime) -> list[str]:
    async with database.reading() as tx:
        reviewers = {m.telegram_id for m in await members.holders(tx, Role.ADMINISTRATOR, Role.APPROVER)}
        belonging = await members.in_states(tx, BELONGING)
    known = {m.telegram_id for m in belonging}
    to_come = set(settings.network.administrators) - known  # they are admitted when the bot starts
    reviewers |= set(settings.network.administrators)
    vouching = {m.telegram_id for m in belonging if m.vouches_from is not None and m.vouches_from <= now} | to_come
    wanted, warnings = settings.admission, []
    if wanted.approvals > len(reviewers):
        told = f"WARNING: admission.approvals is {wanted.approvals}, and {len(reviewers)} people may approve: nobody"
        warnings.append(f"{told} can be admitted. Lower it, or give the role approver (`member role give`).")
    if wanted.vouches > len(vouching):
        told = f"WARNING: admission.vouches is {wanted.vouches}, and {len(vouching)} members may vouch now: nobody"
        warnings.append(f"{told} can be admitted. Lower it, or add members you vouch for yourself (`member add`).")
    return warnings


async def _bound(loaded: Loaded, found: dict[str, Any] | str) -> list[BoundGroup]:
    """Return the groups of the network, where the database can tell of them."""
    if isinstance(found, str) or found["schema"] != migrations.newest():
        return []
    database = Database(loaded.storage_url)
    try:
        async with database.reading() as tx:
            return await groups.everyone(tx)
    finally:
        await database.close()


async def _ask_telegram(loaded: Loaded, problems: list[str], remarks: list[str], bound: Sequence[BoundGroup]) -> None:
    settings = loaded.settings.telegram
    wire = Wire(settings.api_url, loaded.token, connections=1, proxy_url=settings.proxy_url)
    await wire.start()
    try:
        answer = await wire.call("getMe", {})
        if not answer.ok:
            problems.append(f"The Bot API at {settings.api_url} rejects the token: {answer.description}.")
            return
        me = answer.body["result"]
        remarks.append(f"The token belongs to @{me['username']}.")
        remarks.extend(to_change(me, inline=loaded.settings.library.inline))
        for group in bound:
            problems.extend(await _lacking(wire, group, me["id"]))
    except NO_ANSWER as error:
        problems.append(f"The Bot API at {settings.api_url} cannot be reached: {type(error).__name__}.")
    finally:
        await wire.close()


async def _lacking(wire: Wire, group: BoundGroup, bot_id: int) -> list[str]:
    """Return what the bot may not do in a group and must, in one sentence if there is anything."""
    answer = await wire.call("getChatMember", {"chat_id": group.chat_id, "user_id": bot_id})
    if not answer.ok:
        return [f"The {group.kind.value} “{group.title}” cannot be reached: {answer.description}."]
    missing = rights_missing(answer.body["result"], kind=group.kind, forum=group.forum)
    if not missing:
        return []
    named = ", ".join(RIGHTS[right].name for right in missing)
    return [
        f"In the {group.kind.value} “{group.title}” the bot lacks rights: {named}. /setup there says how to give them."
    ]


def to_change(me: Mapping[str, Any], *, inline: bool = False) -> list[str]:
    """Return what should be changed at BotFather, and why, by what `getMe` says of the bot."""
    return [
        f"At BotFather, see that {why} ({name} is {bool(me.get(name))})."
        for name, wanted, why in (*_SETTINGS, _INLINE_IS[inline])
        if bool(me.get(name)) is not wanted
    ]
