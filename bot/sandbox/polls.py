"""Polls that people make in their apps."""

from __future__ import annotations

import secrets
from typing import Any

from bot.sandbox.failure import NotPossible
from bot.sandbox.world import Json

KINDS = ("regular", "quiz")
MOST_OPTIONS, LONGEST_QUESTION, LONGEST_OPTION = 12, 300, 100


def asked(given: Json) -> Json:
    """Return the Poll that somebody makes: of a `question`, `options` and `type`, or of what they leave to chance.

    Raises:
        NotPossible: a Telegram client would not let them.
    """
    question, options = given.get("question", "?"), list(given.get("options", ("Yes", "No")))
    kind, several = given.get("type", "regular"), bool(given.get("allows_multiple_answers"))
    if kind not in KINDS:
        raise NotPossible("a poll is regular, or a quiz")
    if not _fits(question, LONGEST_QUESTION):
        raise NotPossible(f"a poll asks something, in at most {LONGEST_QUESTION} characters")
    if not 1 <= len(options) <= MOST_OPTIONS or not all(_fits(option, LONGEST_OPTION) for option in options):
        raise NotPossible(f"a poll has 1 to {MOST_OPTIONS} options of at most {LONGEST_OPTION} characters")
    listed = [{"persistent_id": str(place), "text": text, "voter_count": 0} for place, text in enumerate(options)]
    return {
        "id": str(secrets.randbelow(10**18)),
        "question": question,
        "options": listed,
        "total_voter_count": 0,
        "is_closed": False,
        "is_anonymous": bool(given.get("is_anonymous", True)),
        "type": kind,
        "allows_multiple_answers": several,
        "allows_revoting": bool(given.get("allows_revoting", kind == "regular")),
        "members_only": False,
    }


def _fits(words: Any, limit: int) -> bool:
    return isinstance(words, str) and 0 < len(words.strip()) <= limit
