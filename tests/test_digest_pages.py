"""Parts of a digest: whatever is new, each fits into a message, keeps its lines whole, and says its own label."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.context import Policy
from handlers.digests.issue import render
from handlers.digests.lines import in_the_bot, line
from handlers.digests.pages import MOST, ROOM, divide
from handlers.language import Say
from handlers.screens import LIMIT, length
from storage import topics
from storage.access import Viewer
from storage.announcements import Mailbag, Sent
from storage.applications import Admission
from storage.digests import Copy, DeskKind, DigestSchedule, Edited, Editing, Findings, Issue, Item, Period, Section
from storage.digests.contents import Library, Told
from storage.digests.merging import TALKED, Merged
from storage.directory import Newcomer
from storage.documents import LinkState, Shelf, Shelved
from storage.events import Agenda, Event
from storage.lengths import longest, units
from storage.members import MemberState
from storage.posts import Moving, Quoted, Quotes, Talk
from storage.tlp import Label
from storage.topics import Level, Reader, Topic

UNTIL = datetime(2026, 12, 7, 4, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=7)
ZONE = "America/Argentina/ComodRivadavia"
POLICY = Policy(
    "Сеть <&> " + "n" * 51, ZONE, ("en", "ru"), "en", Label.AMBER, Admission(), 0, time(9),
    skip_holidays=True, editing=Editing("UTC", 4, time(15)), two_person_above=20, bot_username="b" * 32,
)  # fmt: skip
CARRIED = (Label.CLEAR, Label.GREEN)
STYLES = ("abcdefgh ", "абвгдежзи ", "<&>\"' ab", "🚀🧨👩🏽‍🚀🇰🇿 ", "ñçşöüабв🚀& ")
NOTE, FORMATTED = 800, 30
"""What a note may have at most, in UTF-16 units and in marks."""
ENTITIES = 100
"""How many marks Telegram shows in one message."""
_OPENS = re.compile(r"<[a-z]")


@dataclass
class Digest:
    """One member's digest: what it was divided by, and what it tells."""

    merged: Merged
    lines: list[tuple[Section, Told]]
    signed_by: str | None


class Writer:
    """Writes long things: as long as they may be, or not, in letters of all kinds."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - the same each time
        self._number = 0
        self._style = self.dice.choice([None, *STYLES])
        self._longest = self.dice.choice([0.0, 0.5, 1.0])

    def words(self, limit: int, *, counted: bool = False) -> str:
        """Return words of at most `limit` characters, no two alike; `counted` in UTF-16 units."""
        self._number += 1
        most = limit if self.dice.random() < self._longest else self.dice.randint(min(limit, 12), limit)
        style = self._style or self.dice.choice(STYLES)
        made = (f"{self._number}. " + "".join(self.dice.choices(style, k=most)))[:most]
        while counted and units(made) > limit:
            made = made[:-1]
        return f"{made[:-1]}." if made[-1] == " " else made

    def some(self, limit: int) -> str | None:
        return self.words(limit) if self.dice.random() < 0.7 else None

    def texts(self, limit: int) -> tuple[tuple[str, str], ...]:
        codes = self.dice.choice([("en",), ("ru",), ("en", "ru"), ("kk",)])
        return tuple((code, self.words(limit, counted=True)) for code in codes)

    def number(self, most: int) -> range:
        return range(1, 1 + self.dice.choice([0, 0, 1, self.dice.randint(0, most), most]))

    def at(self) -> datetime:
        return SINCE + timedelta(minutes=self.dice.randint(0, 7 * 1440 - 1))

    def paper(self, number: int) -> Shelved:
        link = self.dice.choice([*LinkState])
        languages = self.dice.choice([None, "en", "ru", "en ru kk ky tg tk uz fa tr zh hi ps no"])
        return Shelved(
            number, "t" * 24, self.words(200), dict(self.texts(200)), self.some(120), self.dice.choice([None, 2026]),
            languages, self.dice.choice(CARRIED), "https://example.org", "https://example.org/copy",
            self.dice.randint(1, 12), self.at(), None, link,
        )  # fmt: skip

    def event(self, number: int) -> Event:
        at = UNTIL + timedelta(hours=self.dice.randint(1, 29 * 24))
        return Event(
            id=number, token="e" * 32, title_en=self.words(300), title_ru=self.words(300), starts_at=at, ends_at=at,
            place_en=self.words(120), place_ru=self.words(120), zone="UTC", label=self.dice.choice(CARRIED),
            deadline_at=self.dice.choice([None, at - timedelta(minutes=5)]), added_at=self.at(),
        )  # fmt: skip

    def item(self, number: int, kind: DeskKind) -> Item:
        until = self.dice.choice([None, UNTIL.date() + timedelta(days=9)])
        link = self.dice.choice([None, "https://example.org/call"])
        facts = (link, self.dice.choice(CARRIED), until, self.some(200), "KZ")
        return Item(number, kind, self.texts(120), self.texts(600) if self.dice.random() < 0.7 else (), *facts)

    def note(self) -> tuple[tuple[str, str], ...]:
        words = self.words(NOTE - FORMATTED, counted=True)
        bold = f"{self.dice.choice(['<b>x</b>', '<i>x</i>'])}" * self.dice.choice([0, 3, FORMATTED])
        escaped = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return ((self.dice.choice(["en", "ru"]), escaped + bold),)

    def edited(self) -> list[Edited]:
        issues, number = [], 0
        for issue in self.number(5):
            items = []
            for kind in DeskKind:
                for _ in self.number(3 if kind is DeskKind.PIN else 25):
                    number += 1
                    items.append(self.item(number, kind))
            noted = self.note() if self.dice.random() < 0.8 else ()
            issues.append(Edited(issue, self.words(120), noted, tuple(items)))
        return issues


def told(write: Writer, reader: Reader) -> Digest:
    """Return what a reader of everything gets, as it is merged and as it is read again."""
    papers = [write.paper(n) for n in write.number(200)]
    posts = [
        Moving(
            n, write.dice.randint(1, 60), write.dice.choice(CARRIED), write.at(), write.dice.randint(0, 10**6), n, 4000
        )
        for n in write.number(90)
    ]
    policies = dict.fromkeys(range(1, 61), topics.Policy.OPEN)
    named = {n: _topic(n, write) for n in policies}
    quoted = {
        p.id: Quoted(
            p.id,
            p.topic_id,
            tuple(named[p.topic_id].titles.items()),
            write.words(4000),
            p.replies,
            p.reactions,
            p.label,
        )
        for p in posts
    }
    agenda = Agenda([write.event(n) for n in write.number(40)], timedelta(days=30))
    sent = [Sent(n, (("en", write.words(120)),), write.dice.choice(CARRIED), write.at()) for n in write.number(20)]
    new = [Newcomer(n, n, write.words(120), write.some(200), write.dice.choice([None, "BA"]), write.at())
           for n in write.number(40)]  # fmt: skip
    edited = write.edited()
    shelf, bag = Shelf(papers, {}, {}, [], policies), Mailbag(sent, {reader.viewer.id: [one.id for one in sent]})
    period = Period(SINCE, UNTIL, 0, 5)
    widths = {n: longest(topic.titles.values()) for n, topic in named.items()}
    merged = Findings(period, shelf, Talk(posts, TALKED), agenda, sent, new, edited, widths).merge(reader, bag, period)
    found = Library(
        shelf, Quotes(quoted, policies), agenda, bag, new, {i.id: i for issue in edited for i in issue.items},
        {issue.number: issue for issue in edited}, named,
    )  # fmt: skip
    copy = Copy(5, SINCE, UNTIL, merged.items())
    lines = [one for one in found.lines(reader, copy) if one is not None]
    assert len(lines) == sum(len(section) for _, section in merged.sections)
    return Digest(merged, lines, found.signed_by(copy))


def _topic(number: int, write: Writer) -> Topic:
    return Topic(id=number, titles=dict(write.texts(60)), policy=topics.Policy.OPEN)


def parts_of(digest: Digest) -> list[Issue]:
    """Return the messages of a digest, as their promises bring them."""
    begins = [*divide(digest.merged.sections), len(digest.lines)]
    schedule = DigestSchedule(member_id=1, frequency="fortnightly", weekday=2, at="09:00")
    common: dict[str, Any] = {"number": 999, "since": SINCE, "until": UNTIL, "signed_by": digest.signed_by}
    common |= {"parts": len(begins) - 1, "zone": ZONE, "schedule": schedule, "ref": "d123456789"}
    return [
        Issue(
            part=n, lines=tuple(digest.lines[begins[n - 1] : begins[n]]), told=99 if n == len(begins) - 1 else 0,
            reserved=99 if n == len(begins) - 1 else 0, **common,
        )
        for n in range(1, len(begins))
    ]  # fmt: skip


def label_of(part: Issue) -> Label:
    green = part.reserved or any(getattr(one, "label", None) is Label.GREEN for _, one in part.lines)
    return Label.GREEN if green or any(isinstance(one, (Edited, Newcomer)) for _, one in part.lines) else Label.CLEAR


def fits_at_once(lines: list[tuple[int, int]]) -> bool:
    """Tell whether a section surely finds room in one message: no line has more than a hundred besides its words."""
    return len(lines) <= MOST and sum(words + 100 for _, words in lines) + 30 <= ROOM


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**9), language=st.sampled_from(["en", "ru"]))
def test_each_part_fits_and_every_line_stands_whole_in_one_of_them(seed: int, language: str) -> None:
    say, where = Say(language, ZONE), in_the_bot(POLICY)
    viewer = Viewer(10**6, MemberState.ACTIVE, frozenset(), 1, language, ZONE)
    digest = told(Writer(seed), Reader(viewer, dict.fromkeys(range(1, 61), Level.DIGEST)))
    parts = parts_of(digest)
    shown = [render(part, say, POLICY) for part in parts]

    for part, screen in zip(parts, shown, strict=True):
        assert length(screen.html) <= LIMIT, (part.part, length(screen.html))
        assert len(_OPENS.findall(screen.html)) <= ENTITIES
        assert part.lines or len(parts) == 1
        assert screen.label is label_of(part)
        assert screen.html.startswith(f"<b>{label_of(part).value}</b> ")
        assert screen.html.count("blockquote>") % 2 == 0
    for section, one in digest.lines:
        words = f"{line(one, section, say, where)}\n"
        assert sum(f"{screen.html}\n".count(words) for screen in shown) == 1, one
    places = [{part.part for part in parts if any(one[0] is section for one in part.lines)} for section in Section]
    widths = dict(digest.merged.sections)
    for section, found in zip(Section, places, strict=True):
        assert len(found) <= 1 or section is Section.NOTES or not fits_at_once(widths[section]), section
