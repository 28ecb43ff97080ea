"""The poll of an announcement: one question that all its readers are asked together, however many chats they sit in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

MOST_OPTIONS, LONGEST_QUESTION, LONGEST_OPTION = 12, 300, 100
"""As Telegram's own polls have them."""


@dataclass(frozen=True)
class Poll:
    """A question with options; `several` of them may be chosen, and an `anonymous` one names nobody in the report."""

    question: str
    options: tuple[str, ...]
    several: bool = False
    anonymous: bool = True

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Poll:
        """Return the poll that was stored as `facts`."""
        return cls(facts["question"], tuple(facts["options"]), facts["several"], facts["anonymous"])

    def facts(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {**asdict(self), "options": list(self.options)}
