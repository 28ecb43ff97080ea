"""How one send ended: Telegram's answer, or its absence, as a state with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

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
    """One send's end: `seconds` to wait for WAIT, `chat_id` for MIGRATED, `message_id` for SENT."""

    kind: Kind
    reason: str | None = None
    message_id: int | None = None
    seconds: float = 0.0
    chat_id: int | None = None


def of_failure(error: BaseException) -> Outcome:
    """Classify the absence of an answer: not sent for certain, or possibly accepted."""
    words = type(error).__name__
    return Outcome(Kind.RETRY if isinstance(error, NOT_SENT) else Kind.UNKNOWN, words)


def of_answer(answer: Answer) -> Outcome:  # noqa: PLR0911 - the outcome table, one row a line
    """Classify Telegram's answer to a send or an edit."""
    parameters = answer.body.get("parameters") or {}
    if answer.ok:
        result = answer.body["result"]
        return Outcome(Kind.SENT, message_id=result.get("message_id") if isinstance(result, dict) else None)
    if answer.retry_after is not None:
        return Outcome(Kind.WAIT, answer.description, seconds=answer.retry_after)
    if answer.status == FORBIDDEN:
        return Outcome(Kind.UNREACHABLE, answer.description)
    if answer.status in (UNAUTHORIZED, NOT_FOUND) and answer.body:  # a proxy's own page says nothing of the token
        return Outcome(Kind.TOKEN, answer.description)
    if "migrate_to_chat_id" in parameters:
        return Outcome(Kind.MIGRATED, answer.description, chat_id=parameters["migrate_to_chat_id"])
    if answer.status == BAD_REQUEST and answer.body:
        return Outcome(Kind.REJECTED, answer.description)
    return Outcome(Kind.UNKNOWN, answer.description)  # 5xx and unreadable answers: it may have been accepted
