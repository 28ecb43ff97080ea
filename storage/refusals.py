"""Expected refusals: a reason and facts; the middle floor gives them words."""

from __future__ import annotations

from typing import Any


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """Something a person asked for and may not have, with a reason such as `document:duplicate`."""

    def __init__(self, reason: str, **facts: Any) -> None:
        super().__init__(reason)
        self.reason = reason
        self.facts = facts
