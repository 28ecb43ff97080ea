"""How a poll reads under an announcement: all options in full, a button for each, and the counts once one has voted."""

from __future__ import annotations

import re
from html import escape

from handlers.announcements.presses import Vote
from handlers.buttons import Button, Row
from handlers.language import Html, Say, legible
from handlers.screens import plain
from storage.announcements import Tally, folded
from storage.announcements.poll import Poll

BUTTON = 22
"""How many units of an option a button shows, before the mark of what was chosen."""


def ballot(poll: Poll, chosen: tuple[int, ...], tally: Tally | None, say: Say) -> Html:
    """Return the question with its options and the terms; `tally` is told to who has voted."""
    rows = [f"<b>📊 {say('{title}', title=poll.question)}</b>"]
    for n, option in enumerate(poll.options):
        counted = f" – {tally.counts[n]}" if tally is not None else ""
        rows.append(f"{'✓ ' * (n in chosen)}{n + 1}. {say('{title}', title=option)}{counted}")
    rows.append(f"<i>{terms(poll, say)}</i>")
    if tally is not None:
        rows.append(voted(tally.voters, say))
    return Html("\n".join(rows))


def terms(poll: Poll, say: Say) -> Html:
    """Return how many options may be chosen, and who learns of it."""
    many = say("Choose one or several.") if poll.several else say("Choose one.")
    hidden = say("Anonymous: the administrators are shown numbers only.")
    open_ = say("Not anonymous: the administrators see who chose what.")
    return Html(f"{many} {hidden if poll.anonymous else open_}")


def voted(number: int, say: Say) -> Html:
    """Return how many readers have voted."""
    return say.many("{n} reader has voted.", "{n} readers have voted.", number)


def options(number: int, poll: Poll, chosen: tuple[int, ...]) -> tuple[Row, ...]:
    """Return the buttons of a poll."""
    return tuple(
        (Button(f"{'✓ ' * (n in chosen)}{plain(f'{n + 1}. {escape(option, quote=False)}', BUTTON)}", Vote(number, n)),)
        for n, option in enumerate(poll.options)
    )


def pattern(poll: Poll, say: Say) -> str:
    """Return what a poll reads like in a copy, whoever voted and however many have, as a regular expression."""
    listed = [
        rf"(?:✓ )?{n}\. {re.escape(folded(legible(option)))}(?: – \d+)?" for n, option in enumerate(poll.options, 1)
    ]
    counted = "|".join(re.escape(folded(voted(n, say))).replace(str(n), r"\d[\d\s,.]*") for n in (1, 2, 5))
    parts = [re.escape(f"📊 {folded(legible(poll.question))}"), *listed, re.escape(folded(terms(poll, say)))]
    return f"{' '.join(parts)}(?: (?:{counted}))?"
