"""Trouble on order: refusals, silence, broken connections, migration."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from bot.sandbox.failure import ApiError, NotPossible, too_many
from bot.sandbox.world import Json

KINDS = frozenset(
    {"429", "403", "400", "401", "404", "500", "502", "hang", "reset"}
    | {"late", "accepted_no_answer", "accepted_reset", "accepted_late", "migrate", "garbage", "thread_ignored"}
)
"""What can befall a call; `thread_ignored` lets what was sent into a topic be accepted, and land outside all topics.

`late` calls are accepted after a while, if whoever called still waits; `accepted_late` ones are answered after a while.
"""
_WORDS = {
    "403": (403, "Forbidden: bot was blocked by the user"),
    "400": (400, "Bad Request: message is too long"),
    "401": (401, "Unauthorized"),
    "404": (404, "Not Found"),
    "500": (500, "Internal Server Error: restart"),
    "502": (502, "Bad Gateway"),
}


@dataclass
class Fault:
    """One arranged trouble: which calls it meets, how often, and what happens to them."""

    id: int
    kind: str
    method: str = "*"
    chat_id: int | None = None
    times: int | None = 1
    probability: float = 1.0
    seconds: float = 30.0
    retry_after: int = 1
    description: str | None = None
    to_chat: int | None = None
    dice: random.Random = field(default_factory=random.Random)

    def meets(self, method: str, parameters: Json) -> bool:
        """Tell whether this call is met, and count it."""
        if self.kind == "thread_ignored" and "message_thread_id" not in parameters:
            return False
        if self.method not in ("*", method) or (self.method == "*" and method == "getUpdates"):
            return False
        if self.chat_id is not None and self.chat_id != parameters.get("chat_id"):
            return False
        if self.times == 0 or self.dice.random() >= self.probability:
            return False
        if self.times is not None:
            self.times -= 1
        return True

    def error(self) -> ApiError:
        """Return the refusal that this fault gives."""
        if self.kind == "429":
            return too_many(self.retry_after)
        if self.kind == "migrate":
            words = "Bad Request: group chat was upgraded to a supergroup chat"
            return ApiError(400, words, {"migrate_to_chat_id": self.to_chat})
        code, words = _WORDS[self.kind]
        return ApiError(code, self.description or words)


class Faults:
    """The arranged faults of a sandbox, asked at each call."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._last = 0

    def arrange(self, order: Json) -> int:
        if order.get("kind") not in KINDS:
            raise NotPossible(f"kind is one of {', '.join(sorted(KINDS))}")
        self._last += 1
        known = (
            "kind",
            "method",
            "chat_id",
            "times",
            "probability",
            "seconds",
            "retry_after",
            "description",
            "to_chat",
        )
        fault = Fault(self._last, **{key: order[key] for key in known if key in order})
        fault.dice.seed(order.get("seed", self._last))
        self._faults.append(fault)
        return fault.id

    def armed(self) -> list[Json]:
        """Return the faults that still wait for a call."""
        waiting = [fault for fault in self._faults if fault.times != 0]
        return [{"id": f.id, "kind": f.kind, "method": f.method, "times": f.times} for f in waiting]

    def clear(self) -> None:
        self._faults.clear()

    def next(self, method: str, parameters: Json) -> Fault | None:
        return next((fault for fault in self._faults if fault.meets(method, parameters)), None)
