"""How an issue reads: its sections in their order, the highest label on top, why it comes at the end."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from html import escape, unescape

from handlers.buttons import Button, Row, columns
from handlers.context import Context, Policy
from handlers.digests.schedule import Preview
from handlers.feature import Notice
from handlers.language import Html, Say
from handlers.presses import Home, Open, OpenDocument
from handlers.screens import LIMIT, Screen, lines, plain
from storage import digests
from storage.access import Viewer
from storage.database import Transaction
from storage.digests import Announced, Dated, Issue, Published
from storage.documents import LinkState
from storage.outbox import Facts
from storage.refusals import Refusal

SPAN = timedelta(days=7)
LISTED = 10
NUMBERED = 8
TITLE = 120
_TAG = re.compile(r"<[^>]+>")


async def preview(context: Context, _press: Preview | None = None) -> None:
    """Show what the digest would say now about the last seven days; nothing changes."""
    now = context.now
    screen = await _composed(context, now - SPAN, now)
    await context.show(screen or _nothing(context.say("Nothing new in the last seven days."), context.say))


async def resend(context: Context, number: int) -> None:
    """Show an earlier issue again, as far as the member may see it today."""
    async with context.reading() as tx:
        digest = await digests.issue_of(tx, context.viewer, number)
    screen = await _composed(context, digest.period_start, digest.period_end, number)
    nothing = context.say("Digest No. {number} had nothing to say.", number=number)
    await context.show(screen or _nothing(nothing, context.say))


async def _composed(context: Context, start: datetime, end: datetime, number: int | None = None) -> Screen | None:
    async with context.reading() as tx:
        issue = await digests.compose(tx, context.viewer, start, end, number)
    if issue is None:
        raise Refusal("digest:none")
    if issue.empty:
        return None
    screen = render(issue, context.say, context.policy)
    back: Row = (Button(context.say("Back"), Open("digest")), Button(context.say("Menu"), Home()))
    return Screen(screen.text, (*screen.buttons, back), screen.label)


def _nothing(words: Html, say: Say) -> Screen:
    return Screen(words, ((Button(say("Back"), Open("digest")),),))


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Issue]:
    return await digests.load(tx, facts["digest"], viewers)


def render(issue: Issue, say: Say, policy: Policy) -> Screen:
    """Return an issue as one message; what does not fit is counted, never cut."""
    for listed in range(LISTED, 0, -1):
        screen = Screen(_text(issue, listed, say, policy), _openers(issue, listed, say), issue.label)
        if length(screen.html) <= LIMIT:
            return screen
    raise AssertionError("one line a section fits")


def length(html: str) -> int:
    """Return how many UTF-16 units Telegram counts once the entities are parsed."""
    return len(unescape(_TAG.sub("", html)).encode("utf-16-le")) // 2


def _text(issue: Issue, listed: int, say: Say, policy: Policy) -> str:
    # From one Monday morning to the next, the digest is of the week before: neither names both Mondays.
    last = max(issue.period_start, issue.period_end - timedelta(days=1))
    name = say("{network}: digest No. {number}", network=policy.network, number=issue.number)
    sections = [
        _section(say("Announcements"), [_announced(a) for a in issue.announcements], listed, partial(_more, say)),
        _section(
            say("The next 30 days"), [_dated(d, say, policy) for d in issue.calendar], listed, partial(_later, say)
        ),
        _section(say("New documents"), _documents(issue, say, policy), listed, partial(_shelved, say)),
        _section(say("From the topics"), [*_talk(issue), *_counts(issue, say)], listed, partial(_more, say)),
    ]
    end = say("— end of {label} —", label=issue.label.value)
    head = f"<b>{name}</b>\n{say.day(issue.period_start)} – {say.day(last)}"
    return lines([head, *sections, _reserved(issue, say), _why(issue, say), end])


def _section(heading: Html, items: Sequence[str], listed: int, more: Callable[[int], Html]) -> str | None:
    if not items:
        return None
    left = len(items) - listed
    return "\n".join([f"<b>{heading}</b>", *items[:listed], *([more(left)] if left > 0 else [])])


def _more(say: Say, n: int) -> Html:
    return say.many("… and {n} more", "… and {n} more", n)


def _later(say: Say, n: int) -> Html:
    return say.many("… and {n} more in /events", "… and {n} more in /events", n)


def _shelved(say: Say, n: int) -> Html:
    return say.many("… and {n} more in /library", "… and {n} more in /library", n)


def _announced(item: Announced) -> str:
    return f"• {_short(item.title)}"


def _dated(item: Dated, say: Say, policy: Policy) -> str:
    russian = say.language == "ru"
    linked = _link(item.title_ru if russian else item.title_en, f"ev_{item.token}", policy)
    if item.deadline:
        return "• " + say("{when}: deadline of {title}", when=say.moment(item.at), title=linked)
    place = say("online") if item.online else escape(item.place_ru if russian else item.place_en, quote=False)
    return f"• {say.moment(item.at)}: {linked} · {place}"


def _documents(issue: Issue, say: Say, policy: Policy) -> list[str]:
    return [_document(number, item, say, policy) for number, item in enumerate(issue.documents, 1)]


def _document(number: int, item: Published, say: Say, policy: Policy) -> str:
    source = " ".join(str(part) for part in (item.publisher, item.year) if part)
    facts = [_link(item.title, f"doc_{item.token}", policy), escape(source, quote=False)]
    tongues = f" [{escape(item.languages.replace(' ', ', '), quote=False)}]" if item.languages else ""
    line = f"{say.number(number)}. {', '.join(f for f in facts if f)}{tongues} · {item.label.value}"
    return " · ".join([line, *_found(item, say)])


def _found(item: Published, say: Say) -> list[Html]:
    """Return what to know of a link before it is pressed, and where a copy is kept; nothing where it opens."""
    told = {
        LinkState.DEAD: say("⚠ the link no longer works"),
        LinkState.WALL: say("⚠ the link asks for an account"),
    }.get(item.link)
    if told is None:
        return []
    copy = f'<a href="{escape(item.archive_url)}">{say("copy in an archive")}</a>' if item.archive_url else None
    return [told, *([Html(copy)] if copy else [])]


def _counts(issue: Issue, say: Say) -> list[str]:
    counted = ((title, say.many("{n} document", "{n} documents", n)) for title, n in issue.topics)
    return [f"• {escape(title, quote=False)}: {n}" for title, n in counted]


def _talk(issue: Issue) -> list[str]:
    """Return what moved people in the topics: the beginning of each post, where, and how many answered."""
    rows = []
    for one in issue.talk:
        moved = [f"💬 {one.replies}"] if one.replies else []
        moved += [f"👍 {one.reactions}"] if one.reactions else []
        facts = [f"“{escape(plain(one.html, TITLE), quote=False)}”", *moved, one.label.value]
        rows.append(f"• {escape(one.topic, quote=False)}: {' · '.join(facts)}")
    return rows


def _reserved(issue: Issue, say: Say) -> Html | None:
    if not issue.reserved:
        return None
    return say.many(
        "{n} item for your organisation is not listed here: see /library.",
        "{n} items for your organisation are not listed here: see /library.",
        issue.reserved,
    )


def _why(issue: Issue, say: Say) -> Html:
    return say(
        "You get this because you are a member: your digest comes every {weekday} at {at} ({zone}). "
        "Change or stop it: /digest",
        weekday=say.weekday(issue.weekday),
        at=issue.at,
        zone=say.zone_name(issue.zone),
    )


def _link(title: str, payload: str, policy: Policy) -> Html:
    if not policy.bot_username:
        return Html(_short(title))
    return Html(f'<a href="https://t.me/{policy.bot_username}?start={payload}">{_short(title)}</a>')


def _short(title: str) -> str:
    cut = title if len(title) <= TITLE else f"{title[: TITLE - 1].rstrip()}…"
    return escape(cut, quote=False)


def _openers(issue: Issue, listed: int, say: Say) -> tuple[Row, ...]:
    shown = issue.documents[:listed]
    if len(issue.documents) > NUMBERED:
        return ()
    return tuple(columns([Button(say("Open {n}", n=n), OpenDocument(d.id)) for n, d in enumerate(shown, 1)], 3))


ISSUE = Notice(digests.ISSUE, render, _load)
