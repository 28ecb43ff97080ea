"""Reply markup: how Telegram reads it, and what it refuses of the buttons."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from bot.sandbox import links
from bot.sandbox.failure import bad
from bot.sandbox.world import Chat, Json

DATA_LIMIT = 64
MARKUP_LIMIT = 10_000
_LOOKS = frozenset({"text", "style", "icon_custom_emoji_id"})
_INLINE = "inline_keyboard"
_ONLY_PRIVATE = {"request_contact": "phone number", "request_location": "location"}
_UNUSABLE = (
    "can't use switch_inline_query button in a channel chat, because users will not be able to use the button without "
    "knowing bot's username"
)


def read(markup: Any) -> Json | None:
    """Return the markup if its shape is one that Telegram can read."""
    if not isinstance(markup, dict) or _INLINE not in markup:
        return markup if isinstance(markup, dict) else None
    if not isinstance(markup[_INLINE], list):
        raise bad(f'field "{_INLINE}" must be of type Array')
    for row in markup[_INLINE]:
        if not isinstance(row, list):
            raise bad(f'field "{_INLINE}" of the InlineKeyboardMarkup must be an Array of Arrays')
        for button in row:
            _read_button(button)
    return markup


def _read_button(button: Any) -> None:
    problem = "can't parse inline keyboard button: "
    if not isinstance(button, dict):
        raise bad(f"{problem}expected an Object")
    if "text" not in button:
        raise bad(f'{problem}Can\'t find field "text"')
    if not button.keys() - _LOOKS:
        raise bad(f"{problem}Text buttons are unallowed in the inline keyboard")


def check(markup: Json | None, chat: Chat) -> None:
    """Refuse buttons that cannot work in the chat."""
    if markup is None:
        return
    for button in _inline(markup):
        _check_inline(button, chat)
    for button in (b for row in markup.get("keyboard", ()) for b in row if isinstance(b, dict)):
        for name, what in _ONLY_PRIVATE.items():
            if button.get(name) and not chat.private:
                raise bad(f"{what} can be requested in private chats only")


def check_size(markup: Json | None) -> None:
    """Refuse what only the server measures."""
    if markup is None:
        return
    for button in _inline(markup):
        data = button.get("callback_data")
        if data is not None and not 1 <= len(data.encode()) <= DATA_LIMIT:
            raise bad("BUTTON_DATA_INVALID")
    # Telegram does not publish the figure; it measures its own binary form of the markup, of about this size.
    if len(json.dumps(markup, ensure_ascii=False, separators=(",", ":")).encode()) > MARKUP_LIMIT:
        raise bad("reply markup is too long")


def _check_inline(button: Json, chat: Chat) -> None:
    if not button["text"].strip():
        raise bad("inline keyboard button text must be non-empty")
    _check_links(button)
    if "switch_inline_query_current_chat" in button and chat.type == "channel":
        raise bad(_UNUSABLE.replace("switch_inline_query", "switch_inline_query_current_chat"))
    if "switch_inline_query" in button and chat.type == "channel":
        raise bad(_UNUSABLE)


def _check_links(button: Json) -> None:
    url = button.get("url")
    if url is not None and links.user_of(url) is None and links.checked(url) is None:
        raise bad(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
    app = button.get("web_app")
    if app is not None and not app["url"].lower().startswith("https://"):
        raise bad(f"inline keyboard button Web App URL '{app['url']}' is invalid: Only HTTPS links are allowed")


def _inline(markup: Json) -> Iterable[Json]:
    return (button for row in markup.get(_INLINE, ()) for button in row)
