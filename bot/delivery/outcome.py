"""How one send ended: Telegram's answer, or its absence, as a state with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from bot.transport import NOT_SENT, Answer

UNAUTHORIZED, FORBIDDEN, NOT_FOUND, BAD_REQUEST = 401, 403, 404, 400


class Kind(Enum):
    """What must happen next."""

    SENT = auto()
    RETRY = auto()
    WAIT = auto()
    UNREACHABLE = auto()
    MIGRATED = auto()
    REJECTED = auto()
    UNKNOWN = auto()
    TOKEN = auto()


@dataclass(frozen=True)
class Outcome:
    """One send's end: `seconds` to wait for WAIT, `chat_id` for MIGRATED, `message_id` for SENT.

    `also` are the messages that carry pictures or documents, all of an album; `message_id` is the first of them.
    `harmless`: what was tried may be tried again without anybody noticing, an edit for example.
    """

    kind: Kind
    reason: str | None = None
    message_id: int | None = None
    seconds: float = 0.0
    chat_id: int | None = None
    harmless: bool = False
    also: list[int] | None = None


def of_failure(error: BaseException) -> Outcome:
    """Classify the absence of an answer: not sent for certain, or possibly accepted."""
    words = type(error).__name__
    return Outcome(Kind.RETRY if isinstance(error, NOT_SENT) else Kind.UNKNOWN, words)


def of_answer(answer: Answer) -> Outcome:  # noqa: PLR0911 - the outcome table, one row a line
    """Classify Telegram's answer to a send or an edit."""
    if answer.ok:
        result = answer.body["result"]
        sent = result if isinstance(result, list) else [result]
        return Outcome(Kind.SENT, message_id=_number(sent[0], "message_id") if sent else None, also=_carriers(sent))
    if answer.retry_after is not None:
        return Outcome(Kind.WAIT, answer.description, seconds=answer.retry_after)
    if answer.status == FORBIDDEN:
        return Outcome(Kind.UNREACHABLE, answer.description)
    if answer.status in (UNAUTHORIZED, NOT_FOUND) and answer.body:  # a proxy's own page says nothing of the token
        return Outcome(Kind.TOKEN, answer.description)
    if (chat_id := _number(answer.parameters, "migrate_to_chat_id")) is not None:
        return Outcome(Kind.MIGRATED, answer.description, chat_id=chat_id)
    if answer.status == BAD_REQUEST and answer.body:
        return Outcome(Kind.REJECTED, answer.description)
    return Outcome(Kind.UNKNOWN, answer.description)  # 5xx and unreadable answers: it may have been accepted


def _carriers(sent: list[Any]) -> list[int] | None:
    """Return the numbers of the messages that carry a picture or a document."""
    found = [
        _number(one, "message_id") for one in sent if isinstance(one, dict) and ("photo" in one or "document" in one)
    ]
    return [number for number in found if number is not None] or None


def _number(answered: Any, key: str) -> int | None:
    found = answered.get(key) if isinstance(answered, dict) else None
    return found if isinstance(found, int) else None
