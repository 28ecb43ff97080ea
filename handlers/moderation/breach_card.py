"""The card of a breach for administrators, their decision, and what reporter and owner are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from handlers.buttons import Button, Press, Row
from handlers.context import Context, Policy
from handlers.feature import Notice
from handlers.language import Html, Say, isolated
from handlers.moderation.breach import label_of
from handlers.moderation.words import menu, objection
from handlers.screens import Screen, lines, plain
from storage import documents, members, moderation, posts, topics
from storage.access import Action, Viewer, allowed
from storage.database import Transaction
from storage.documents import Document
from storage.moderation import NOTHING, Breach, BreachState, Item
from storage.outbox import Facts
from storage.refusals import Refusal
from storage.topics import Topic

EXCERPT = 600


@dataclass(frozen=True)
class Judge(Press, prefix="breach.do"):
    """Decide on a breach: `remove` is 1 to take away for good what it is about, 0 to release it."""

    breach: int
    remove: int


@dataclass(frozen=True)
class Case:
    """A breach with its names; `readable` tells whether the reader may read what it is about."""

    breach: Breach
    item: Item
    topic: Topic | None
    reporter: str | None
    owner: str | None
    decider: str | None
    readable: bool


async def judge(context: Context, press: Judge) -> None:
    """Decide on a breach."""
    async with context.transaction() as tx:
        me = await context.myself(tx)
        decide = moderation.breaches.remove if press.remove else moderation.breaches.release
        await decide(tx, me, press.breach, context.now)
    await context.close()


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Case]:
    found = await moderation.breaches.of(tx, facts["breach"])
    if found is None:
        return {}
    row, item = found
    ids = [number for number in (row.member_id, item.owner, row.decided_by) if number is not None]
    people = await members.by_ids(tx, ids)
    names = {number: members.called(member) for number, member in people.items()}
    topic = await topics.known_to_bot(tx, item.post.topic_id) if item.post else None
    told: dict[int, Case] = {}
    for viewer in viewers:
        if allowed(viewer, Action.JUDGE_BREACH):
            readable = await _may_read(tx, viewer, item, topic)
            reporter, owner, decider = (names.get(n or 0) for n in (row.member_id, item.owner, row.decided_by))
            told[viewer.id] = Case(row, item, topic, reporter, owner, decider, readable)
    return told


async def _may_read(tx: Transaction, viewer: Viewer, item: Item, topic: Topic | None) -> bool:
    if item.post is not None and topic is not None:
        return posts.may_read(viewer, item.post, topic, None)
    try:
        return item.document is not None and await documents.by_id(tx, viewer, item.document.id) is not None
    except Refusal:
        return False


def _card(case: Case, say: Say, _policy: Policy) -> Screen:
    row, open_ = case.breach, case.breach.state is BreachState.OPEN
    reporter = isolated(case.reporter) if case.reporter else say("somebody whose data was erased")
    parts = [
        f"<b>{say('A breach is reported')}</b>",
        say("By {name}, {moment}", name=reporter, moment=say.moment(row.at)),
        say("What happened: {words}", words=isolated(row.words)) if row.words else None,
        say("Address: {link}", link=row.link) if row.link else None,
        _about(case, say, whole=open_),
        say("It is frozen: nobody else sees it until you decide.") if open_ and case.item != NOTHING else None,
        None if open_ else _decided(case, say),
    ]
    return Screen(lines(parts), _rows(case, say) if open_ else (), label_of(case.item))


def _about(case: Case, say: Say, *, whole: bool) -> str:
    owner = isolated(case.owner or "–")
    if case.item.document is not None:
        row = case.item.document
        title = isolated(row.title) if case.readable else row.label.value
        return say(
            "It is about document <code>D-{number}</code>, shared by {name}: {title}",
            number=row.id,
            name=owner,
            title=title,
        )
    if case.item.post is not None and case.topic is not None:
        topic = case.topic.title(say.language)
        words = say("It is about a post by {name} in “{topic}”.", name=owner, topic=topic)
        excerpt = isolated(plain(case.item.post.html or "", EXCERPT) or "–") if case.readable and whole else None
        return lines([words, excerpt])
    return say("It names no post and no document that I know.")


def _rows(case: Case, say: Say) -> tuple[Row, ...]:
    if case.item == NOTHING:
        return ((Button(say("Close the case"), Judge(case.breach.id, 0)),),)
    back = Button(say("Release it"), Judge(case.breach.id, 0), style="success")
    return ((back, Button(say("Remove it for good"), Judge(case.breach.id, 1), style="danger")),)


def _decided(case: Case, say: Say) -> Html:
    by = isolated(case.decider or "–")
    if case.breach.state is BreachState.REMOVED:
        return Html(f"<b>{say('Removed for good by {by}.', by=by)}</b>")
    if case.item == NOTHING:
        return Html(f"<b>{say('Closed by {by}.', by=by)}</b>")
    return Html(f"<b>{say('Unfrozen by {by}.', by=by)}</b>")


async def _load_outcome(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Breach]:
    row = await tx.get(Breach, facts["breach"])
    return {viewer.id: row for viewer in viewers if row is not None and viewer.id == row.member_id}


def _outcome(row: Breach, say: Say, _policy: Policy) -> Screen:
    if row.state is BreachState.REMOVED:
        words = say("Your breach report: the administrators have removed what it was about. Thank you.")
    elif row.post_id is None and row.document_id is None:
        words = say("Your breach report: the administrators have looked at it and closed the case. Thank you.")
    else:
        words = say("Your breach report: the administrators have looked at it and released what was frozen. Thank you.")
    return Screen(words, menu(say))


@dataclass(frozen=True)
class Own:
    """A breach as the one whose post or document it is about may know it."""

    state: BreachState
    topic: Topic | None
    at: datetime
    title: str | None


async def _load_own(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Own]:
    found = await moderation.breaches.of(tx, facts["breach"])
    if found is None:
        return {}
    row, item = found
    document: Document | None = item.document
    topic = await topics.known_to_bot(tx, item.post.topic_id) if item.post else None
    own = Own(row.state, topic, item.post.at if item.post else row.at, document.title if document else None)
    return {viewer.id: own for viewer in viewers if viewer.id == item.owner}


def _called(own: Own, say: Say) -> Html:
    if own.topic is not None:
        return say("your post in “{topic}” of {day}", topic=own.topic.title(say.language), day=say.day(own.at))
    return say("your document “{title}”", title=isolated(own.title or "–"))


def _frozen(own: Own, say: Say, _policy: Policy) -> Screen:
    words = say(
        "A breach was reported, and until the administrators have decided nobody else sees: {what}. You will be told "
        "what they decide.",
        what=_called(own, say),
    )
    return Screen(words, menu(say))


def _judged(own: Own, say: Say, policy: Policy) -> Screen:
    if own.state is BreachState.REMOVED:
        words = say("The administrators have removed because of a breach: {what}.", what=_called(own, say))
        return Screen(lines([words, objection(policy.network, say)]), menu(say))
    return Screen(
        say("The administrators have found no breach and released: {what}.", what=_called(own, say)), menu(say)
    )


NOTICES = (
    Notice("breach:card", _card, _load),
    Notice("breach:outcome", _outcome, _load_outcome),
    Notice("breach:frozen", _frozen, _load_own),
    Notice("breach:decided", _judged, _load_own),
)
