"""What Telegram says of a call whose shape departs from the Bot API, where its words are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.sandbox.failure import ApiError, bad
from bot.sandbox.methods import buttons
from bot.sandbox.methods.queries import read_results
from bot.sandbox.methods.settings import read_scope
from bot.sandbox.world import Json


def refusal(parameters: Json) -> ApiError | None:
    """Return Telegram's own refusal of misshapen parameters, or None where it would say nothing or is not known."""
    for name, read in _READ.items():
        if name in parameters:
            try:
                read(parameters[name])
            except ApiError as error:
                return error
            except (TypeError, AttributeError):
                return None
    return None


def _user_id(value: object) -> None:
    if type(value) is not int:
        raise bad("invalid user_id specified")


_READ: dict[str, Callable[[Any], object]] = {
    "user_id": _user_id,
    "reply_markup": buttons.read,
    "results": read_results,
    "scope": read_scope,
}
