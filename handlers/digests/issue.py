"""How an issue reads: the highest label first, its sections in their order, why it comes and how to stop it last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count, groupby

from handlers.buttons import Button, Row, columns
from handlers.context import Policy
from handlers.digests.lines import Where, at_the_source, in_the_bot, line
from handlers.digests.presses import Item
from handlers.digests.schedule import Change
from handlers.digests.words import FREQUENCIES
from handlers.feature import Notice
from handlers.language import Html, Say, text
from handlers.mails import Mail, compose
from handlers.screens import LIMIT, Screen, lines, plain
from storage import digests, mail
from storage.access import Viewer
from storage.database import Transaction
from storage.digests import DigestSchedule, Frequency, Issue, Section
from storage.documents import Shelved
from storage.events import Dated
from storage.outbox import Facts

HEADINGS = {
    Section.PINS: text("📌 Pinned"),
    Section.ANNOUNCEMENTS: text("📣 Announcements"),
    Section.DATES: text("🗓 The next 30 days"),
    Section.DOCUMENTS: text("📄 New documents"),
    Section.CALLS: text("📬 Calls"),
    Section.TALK: text("💬 From the topics"),
    Section.NEWS: text("🤝 From members"),
    Section.NEWCOMERS: text("👋 New members"),
    Section.HOUSEKEEPING: text("🧹 Housekeeping"),
}
OPENED = (Dated, Shelved)
"""What a button opens."""
_ACROSS = 3


def render(issue: Issue, say: Say, policy: Policy) -> Screen:
    """Return an issue, or one part of it, as a message of the outbox."""
    change: Row = (Button(say("Change or stop"), Change()),)
    return Screen(body(issue, say, policy), (*openers(issue, say), change), issue.label)


def body(issue: Issue, say: Say, policy: Policy) -> str:
    """Return all that stands between the label and the buttons."""
    if issue.empty:
        return lines([head(issue, say, policy), say("A quiet week: nothing new for you.")])
    end = say("— end of {label} —", label=issue.label.value)
    rows = sections(issue, say, in_the_bot(policy), numbered=True)
    return lines([head(issue, say, policy), *rows, *foot(issue, say), end])


def head(issue: Issue, say: Say, policy: Policy) -> Html:
    """Return the network's name, the number, and the days that the issue is about."""
    # From one Monday morning to the next it is of the week before: neither names both Mondays.
    last = max(issue.since, issue.until - timedelta(days=1))
    name = say("{network}: digest No. {number}", network=policy.network, number=issue.number)
    part = say("part {part} of {parts}", part=issue.part, parts=issue.parts) if issue.parts > 1 else None
    period = f"{say.day(issue.since)} – {say.day(last)}" if say.day(issue.since) != say.day(last) else say.day(last)
    return Html(f"<b>{name}</b>\n{' · '.join(fact for fact in (period, part) if fact)}")


def sections(issue: Issue, say: Say, where: Where, *, numbered: bool) -> Iterator[str]:
    """Yield each section with its heading; `numbered` is what a button opens."""
    number = count(1)
    for heading, group in groupby(issue.lines, key=lambda one: _heading(one[0], say)):
        rows = []
        for section, told in group:
            words = line(told, section, say, where)
            bullet = f"{say.number(next(number))}." if numbered and isinstance(told, OPENED) else "•"
            rows.append(words if section is Section.NOTES else f"{bullet} {words}")
        yield "\n".join([*([f"<b>{heading}</b>"] if heading else []), *rows])


def _heading(section: Section, say: Say) -> Html | None:
    of = Section.TALK if section is Section.TOPICS else section
    return say(HEADINGS[of]) if of in HEADINGS else None


def openers(issue: Issue, say: Say) -> list[Row]:
    """Return the buttons that open what is numbered, in this message's place."""
    found = [told for _, told in issue.lines if isinstance(told, OPENED)]
    buttons = [
        Button(say("Open {n}", n=n), Item(_kind(told), told.id, issue.ref, issue.part))
        for n, told in enumerate(found, 1)
    ]
    return columns(buttons, _ACROSS)


def _kind(told: Dated | Shelved) -> str:
    return "document" if isinstance(told, Shelved) else "event"


def foot(issue: Issue, say: Say) -> list[Html | None]:
    """Return, below the last part, what is only counted, who signed, and why the reader gets it (R-14)."""
    if not issue.last:
        return []
    return [_told(issue, say), _reserved(issue, say), _signed(issue, say), _why(issue, say)]


def _told(issue: Issue, say: Say) -> Html | None:
    if not issue.told:
        return None
    return say.many(
        "{n} more date in the next 30 days was told before: /events",
        "{n} more dates in the next 30 days were told before: /events",
        issue.told,
    )


def _reserved(issue: Issue, say: Say) -> Html | None:
    if not issue.reserved:
        return None
    return say.many(
        "{n} item for your organisation is not listed here: see /library.",
        "{n} items for your organisation are not listed here: see /library.",
        issue.reserved,
    )


def _signed(issue: Issue, say: Say) -> Html | None:
    return say("Edited by {name}.", name=issue.signed_by) if issue.signed_by else None


def _why(issue: Issue, say: Say) -> Html | None:
    return (
        None
        if issue.schedule is None
        else say(
            "You get this because you are a member: your digest comes {rhythm} ({zone}). Change or stop it: /digest",
            rhythm=rhythm(issue.schedule, say),
            zone=say.zone_name(issue.zone),
        )
    )


def rhythm(row: DigestSchedule, say: Say) -> str:
    """Return when a digest comes, in words."""
    days = [] if row.frequency is Frequency.DAILY else [say.weekday(row.weekday)]
    return ", ".join([say(FREQUENCIES[row.frequency]), *days, row.at])


def mailed(issue: Issue, say: Say, policy: Policy, stop_url: str | None) -> Mail:
    """Return an issue as a letter: only what is marked TLP:CLEAR or TLP:GREEN, with links that need no Telegram."""
    open_ = replace(issue, reserved=0)
    subject = plain(say("{network}: digest No. {number}", network=policy.network, number=issue.number), LIMIT)
    quiet = say("A quiet week: nothing new for you.") if open_.empty else None
    told = [head(issue, say, policy), *sections(open_, say, at_the_source, numbered=False), quiet, _signed(issue, say)]
    end = say("— end of {label} —", label=open_.label.value)
    return compose(
        subject, open_.label, [part for part in (*told, end) if part], say, stop_url, _why_by_mail(issue, say)
    )


def _why_by_mail(issue: Issue, say: Say) -> Html | None:
    return (
        None
        if issue.schedule is None
        else say(
            "You get this because you are a member and want your digest by e-mail: {rhythm} ({zone}).",
            rhythm=rhythm(issue.schedule, say),
            zone=say.zone_name(issue.zone),
        )
    )


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Issue]:
    return await digests.load(tx, facts, viewers)


ISSUE = Notice(digests.ISSUE, render, _load, landed=mail.noted, mail=mailed)
