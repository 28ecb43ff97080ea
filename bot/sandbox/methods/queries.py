"""Answers to presses and inline queries, files, and the way updates are fetched."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from bot.sandbox.failure import ApiError, bad
from bot.sandbox.methods.call import Call
from bot.sandbox.world import Json

TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
ANSWER_LIMIT, RESULTS_LIMIT, DOWNLOAD_LIMIT, SECRET_LIMIT = 200, 50, 20 * 1024 * 1024, 256
_PORTS = {80, 88, 443, 8443}


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
    query = call.world.inline.get(call.get("inline_query_id"))
    if query is None or query["answer"].done():
        raise bad(TOO_OLD)
    results = call.get("results", [])
    ids = [result["id"] for result in results]
    if len(results) > RESULTS_LIMIT:
        raise bad("too many inline query results specified")
    if len(set(ids)) < len(ids):
        raise bad("RESULT_ID_DUPLICATE")
    query["answer"].set_result({"results": results, "is_personal": bool(call.get("is_personal"))})
    return True


def get_file(call: Call) -> Json:
    file_id = call.get("file_id")
    if not file_id:
        raise bad("file_id not specified")
    known = call.world.files.get(file_id)
    if known is None:
        raise bad("invalid file_id")
    if known["file_size"] > DOWNLOAD_LIMIT:
        raise bad("file is too big")
    facts = {k: known[k] for k in ("file_id", "file_unique_id", "file_size")}
    return {**facts, "file_path": f"documents/{file_id}"}


async def get_updates(call: Call) -> list[Json]:
    offset, limit, timeout = call.get("offset", 0), call.get("limit", 100), call.get("timeout", 0)
    return await call.updates.get(offset, limit, timeout, call.get("allowed_updates"))


def set_webhook(perform: Callable[[Json], Any]) -> Any:
    """Return `setWebhook`; `perform` runs a call that the webhook's answer carries."""

    def method(call: Call) -> str:
        url = call.get("url", "")
        if not url:
            return delete_webhook(call)
        _check_webhook(url, call.get("secret_token", ""))
        same = call.updates.webhook is not None and call.updates.webhook["url"] == url
        call.updates.conflict("Conflict: terminated by setWebhook request")
        call.updates.set_webhook({**call.parameters}, perform)
        return "Webhook is already set" if same else "Webhook was set"

    return method


def delete_webhook(call: Call) -> str:
    had = call.updates.webhook is not None
    call.updates.stop()
    return "Webhook was deleted" if had else "Webhook is already deleted"


def webhook_info(call: Call) -> Json:
    webhook = call.updates.webhook or {}
    info = {"url": webhook.get("url", ""), "has_custom_certificate": False}
    return {**info, "pending_update_count": call.updates.waiting()}


def _check_webhook(url: str, secret: str) -> None:
    match = re.match(r"^(https?)://([^/:]+)(?::(\d+))?(/.*)?$", url)
    if match is None:
        raise bad("invalid webhook URL specified")
    if match[1] != "https":
        raise bad("bad webhook: An HTTPS URL must be provided for webhook")
    if int(match[3] or 443) not in _PORTS:
        raise bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    if len(secret) > SECRET_LIMIT:
        raise bad("secret token is too long")
    if secret and not re.match(r"^[A-Za-z0-9_-]+$", secret):
        raise ApiError(400, "Bad Request: secret token contains unallowed characters")
