"""Answers to presses and inline queries, files, and the way updates are fetched."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from bot.sandbox.failure import bad
from bot.sandbox.methods.call import Call
from bot.sandbox.world import Json

TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
ANSWER_LIMIT, RESULTS_LIMIT, SECRET_LIMIT, ID_LIMIT = 200, 50, 256, 64
_PORTS = {80, 88, 443, 8443}
_WRITTEN = frozenset({"message_text", "latitude", "phone_number", "payload"})
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


def answer_callback(call: Call) -> bool:
    query = call.world.callbacks.get(call.get("callback_query_id"))
    if query is None or query["answered"] or call.world.clock.now().timestamp() > query["dies"]:
        raise bad(TOO_OLD)
    if len(call.get("text", "")) > ANSWER_LIMIT:
        raise bad("MESSAGE_TOO_LONG")
    query["answered"] = True
    chat = call.world.chats[query["chat"]]
    note = {k: call.get(k) for k in ("text", "show_alert", "url") if call.get(k) is not None}
    chat.notes.append(
        {**note, "callback_query_id": query["id"], "user": query["user"], "change": call.world.touch(chat)}
    )
    del chat.notes[:-50]
    return True


def answer_inline(call: Call) -> bool:
    results = read_results(call.get("results", []))
    if len(results) > RESULTS_LIMIT:
        raise bad("too many inline query results specified")
    _check_button(call.get("button"))
    if not call.world.inline_mode:
        raise bad("USER_BOT_INVALID")
    query = call.world.inline.get(call.get("inline_query_id"))
    if query is None or query["answer"].done() or call.world.clock.now().timestamp() > query["dies"]:
        raise bad(TOO_OLD)
    _check_results(results)
    if len(call.get("next_offset", "").encode()) > ID_LIMIT:
        raise bad("NEXT_OFFSET_INVALID")
    kept = {key: call.get(key) for key in ("next_offset", "button") if call.get(key) is not None}
    query["answer"].set_result({"results": results, "is_personal": bool(call.get("is_personal")), **kept})
    return True


def read_results(results: Any) -> list[Json]:
    """Return the results if their shape is one that Telegram can read."""
    problem = "can't parse inline query result: "
    for result in results:
        if "id" not in result:
            raise bad(f'{problem}Can\'t find field "id"')
        if result.get("type") == "article" and not _WRITTEN & result.get("input_message_content", {}).keys():
            raise bad(f'{problem}Can\'t find field "message_text"')
    return list(results)


def _check_results(results: list[Json]) -> None:
    ids = [result["id"] for result in results]
    if any(not 1 <= len(one.encode()) <= ID_LIMIT for one in ids):
        raise bad("RESULT_ID_INVALID")
    if len(set(ids)) < len(ids):
        raise bad("RESULT_ID_DUPLICATE")


def _check_button(button: Json | None) -> None:
    if button is None or "start_parameter" not in button:
        return
    start = button["start_parameter"]
    if not start:
        raise bad("can't use empty start_parameter")
    if len(start) > ID_LIMIT:
        raise bad("too long start_parameter specified")
    if not _PLAIN.fullmatch(start):
        raise bad("unallowed characters in start_parameter are used")


async def get_updates(call: Call) -> list[Json]:
    offset, limit, timeout = call.get("offset", 0), call.get("limit", 100), call.get("timeout", 0)
    return await call.updates.get(offset, limit, timeout, call.get("allowed_updates"))


def set_webhook(perform: Callable[[Json], Any]) -> Any:
    """Return `setWebhook`; `perform` runs a call that the webhook's answer carries."""

    def method(call: Call) -> str:
        url = call.get("url", "")
        if not url:
            return delete_webhook(call)
        call.updates.webhook_flood()
        _check_webhook(url, call.get("secret_token", ""))
        if call.updates.webhook == call.parameters:
            return "Webhook is already set"
        call.updates.conflict("Conflict: terminated by setWebhook request")
        call.updates.set_webhook({**call.parameters}, perform)
        return "Webhook was set"

    return method


def delete_webhook(call: Call) -> str:
    had = call.updates.webhook is not None
    call.updates.stop()
    if call.get("drop_pending_updates"):
        call.updates.drop()
    return "Webhook was deleted" if had else "Webhook is already deleted"


def webhook_info(call: Call) -> Json:
    webhook = call.updates.webhook or {}
    info = {"url": webhook.get("url", ""), "has_custom_certificate": False}
    kept = {key: webhook[key] for key in ("max_connections", "allowed_updates", "ip_address") if webhook.get(key)}
    return {**info, "pending_update_count": call.updates.waiting(), **kept, **call.updates.trouble}


def _check_webhook(url: str, secret: str) -> None:
    match = re.match(r"^(https?)://([^/:]+)(?::(\d+))?(/.*)?$", url)
    if match is None:
        raise bad("invalid webhook URL specified")
    if match[1] != "https":
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    if int(match[3] or 443) not in _PORTS:
        raise bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    if len(secret.encode()) > SECRET_LIMIT:
        raise bad("secret token is too long")
    if secret and not _PLAIN.fullmatch(secret):
        raise bad("secret token contains unallowed characters")
