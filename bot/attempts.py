"""Attempts: what Telegram's answer to a deed in a chat means for trying it again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot.transport import Answer

WAIT = timedelta(seconds=3)
"""After how long it is tried again where Telegram said nothing of use."""
_SERVER = 500


@dataclass(frozen=True)
class Outcome:
    """How a try ended: done, without `problem`; for good, without `wait`.

    `moved` is the group's new number; `made` that of the thread which has come to be.
    """

    problem: str | None = None
    wait: timedelta | None = None
    moved: int | None = None
    made: int | None = None


def judged(answer: Answer, *, done: Collection[str] = (), problems: Mapping[str, str] | None = None) -> Outcome:
    """Return what an answer means.

    `done` is what Telegram says where there is nothing left to do, `problems` what a refusal is called that it words
    so; any other refusal is quoted.
    """
    said = answer.description.lower()
    if answer.ok:
        result = answer.body["result"]
        return Outcome(made=result.get("message_thread_id") if isinstance(result, dict) else None)
    if any(words in said for words in done):
        return Outcome()
    if answer.retry_after is not None:
        return Outcome("wait", timedelta(seconds=answer.retry_after))
    moved = answer.parameters.get("migrate_to_chat_id")
    if isinstance(moved, int):
        return Outcome(moved=moved)
    if answer.status >= _SERVER or not answer.body:
        return Outcome("trouble", WAIT)
    return Outcome(next((code for words, code in (problems or {}).items() if words in said), answer.description))
