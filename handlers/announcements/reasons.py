"""Why a copy did not arrive, in words: what Telegram and the network say of a failed send, as far as it is known."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from handlers.language import Html, Say, isolated, text
from storage.announcements import UNVOUCHED

_KNOWN = (
    ("blocked", text("the bot is blocked")),
    ("deactivated", text("the Telegram account is gone")),
    ("no telegram account", text("no Telegram account")),
    ("initiate conversation", text("the bot was never started")),
    ("chat not found|peer_id_invalid", text("Telegram does not find the chat")),
    ("messages to the bot|messages to bots", text("the account is a bot")),
    ("too many requests|flood", text("Telegram asked to send slower")),
    ("too[ _]long", text("too long for Telegram")),
    ("can't parse", text("Telegram cannot read the formatting")),
    ("file|photo|document|media", text("Telegram does not have what is attached any more")),
    ("internal server error|bad gateway|gateway timeout|service unavailable|^http [0-9]", text("trouble at Telegram")),
    (r"^(perhaps sent: )?\w+error$|no answer", text("Telegram did not answer")),
    ("could not be rendered|unexpected failure", text("a mistake of the bot, see its log")),
    ("no longer permitted", text("they may not read it any more")),
    (re.escape(UNVOUCHED), text("whoever answers for it may no longer announce")),
    ("^cancelled$", text("sending was cancelled")),
    ("^too late$", text("it had expired")),
    ("after a restore", text("not sent after a restore")),
    ("^erased$", text("erased")),
)  # fmt: skip
_MOST = 3
"""How many reasons are told one by one."""


def in_words(reason: str | None, say: Say) -> Html | None:
    """Return a reason in the reader's language; None where it is not known."""
    said = reason or ""
    return next((say(words) for pattern, words in _KNOWN if re.search(pattern, said, re.IGNORECASE)), None)


def commonest(reasons: Iterable[tuple[str | None, int]], say: Say) -> Html:
    """Return the commonest reasons with how often, one a line; what is not known is told as Telegram says it."""
    counted: Counter[Html] = Counter()
    for reason, number in reasons:
        counted[in_words(reason, say) or say("Telegram says: {reason}", reason=isolated(reason or "–"))] += number
    told = [say("{state}: {count}", state=words, count=number) for words, number in counted.most_common(_MOST)]
    rest = sum(counted.values()) - sum(number for _, number in counted.most_common(_MOST))
    return Html("\n".join(f"• {line}" for line in [*told, *([say("others: {n}", n=rest)] if rest else [])]))
