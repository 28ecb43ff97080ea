"""What lies ready to be announced in the demonstration: a draft in both languages, and an audience under a name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from storage import access, announcements, members
from storage.announcements import Audience, Condition, Dimension, lists
from storage.database import Transaction
from storage.tlp import Label

AUTHOR = 101
DEADLINE = timedelta(days=7)
LIST = "DEMO — Government in two states"
FOCUS = Audience(
    (
        (
            Condition(Dimension.COUNTRY, ("KZ", "KG")),
            Condition(Dimension.CATEGORY, ("GOV-POLICY", "GOV-PRACT", "JUSTICE")),
        ),
    )
)
TITLES: Mapping[str, str] = {
    "en": "DEMO — Annual meeting: please confirm your seat",
    "ru": "ДЕМО — Ежегодная встреча: подтвердите участие",
}
TEXTS: Mapping[str, str] = {
    "en": "The annual meeting of the network is being prepared. <b>Please confirm that you have read this</b> and "
    "write to us here if somebody else will take your seat.\n\n"
    "<blockquote>Nothing in this demonstration is real.</blockquote>",
    "ru": "Готовится ежегодная встреча сети. <b>Пожалуйста, подтвердите прочтение</b> и напишите нам здесь, если "
    "вместо вас приедет кто-то другой.\n\n<blockquote>В этой демонстрации всё вымышлено.</blockquote>",
}


async def announce(tx: Transaction, now: datetime) -> None:
    """Let the draft lie ready for everybody, with an answer asked for, and keep the list."""
    author = await members.by_telegram(tx, AUTHOR)
    assert author is not None
    viewer = await access.viewer(tx, author.id)
    row = await announcements.begin(tx, viewer, "en", TITLES["en"], TEXTS["en"], Label.GREEN, now)
    row.audience = FOCUS.facts()
    await tx.flush()
    await lists.keep(tx, viewer, row.id, LIST, now)
    row.titles, row.texts = dict(TITLES), dict(TEXTS)
    row.audience = announcements.EVERYBODY.facts()
    row.acknowledge_by = now + DEADLINE
