"""The card of a reported post: what its moderators read, and how they decide in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handlers.buttons import Button, Press, Row, columns
from handlers.context import Context, Policy
from handlers.feature import Notice
from handlers.language import Html, Say, isolated, text
from handlers.moderation.words import CONSEQUENCES, FOLLOWED, REASONS, as_button, menu
from handlers.presses import Home, Open
from handlers.screens import Screen, file_of, lines
from handlers.talk import body, told
from storage import moderation
from storage.access import Viewer, moderates
from storage.database import Transaction
from storage.lengths import units
from storage.moderation import Case, Consequence, Reason, ReviewState
from storage.outbox import Facts
from storage.refusals import Refusal

LONGEST_CAPTION = 700
ERASED = text("This report was erased together with the data of the member who wrote the post.")


@dataclass(frozen=True)
class Keep(Press, prefix="mod.keep"):
    """Let a reported post stand."""

    review: int


@dataclass(frozen=True)
class Remove(Press, prefix="mod.rm"):
    """Choose why a reported post is removed."""

    review: int


@dataclass(frozen=True)
class RemoveFor(Press, prefix="mod.why"):
    """Choose what follows for the author of a post that is removed for a reason."""

    review: int
    reason: Reason


@dataclass(frozen=True)
class Decide(Press, prefix="mod.do"):
    """Remove a reported post."""

    review: int
    reason: Reason
    consequence: Consequence


@dataclass(frozen=True)
class OpenReview(Press, prefix="mod"):
    """Show the card of a reported post."""

    review: int


@dataclass(frozen=True)
class LiftMute(Press, prefix="mod.lift"):
    """Let a muted member speak again."""

    mute: int


async def show(context: Context, press: OpenReview) -> None:
    """Show a reported post."""
    await _show(context, press.review)


async def _show(context: Context, review_id: int) -> None:
    async with context.reading() as tx:
        case = await moderation.one(tx, context.viewer, review_id)
    screen = draw(case, context.say)
    back = (Button(context.say("Back"), Open("reports")), Button(context.say("Menu"), Home()))
    await context.show(Screen(screen.text, (*screen.buttons, back), screen.label))


async def keep(context: Context, press: Keep) -> None:
    """Keep a reported post."""
    async with context.transaction() as tx:
        await moderation.keep(tx, await context.myself(tx), press.review, context.now)
    await _show(context, press.review)


async def ask_reason(context: Context, press: Remove) -> None:
    """Ask why a post is removed."""
    say = context.say
    await _open(context, press.review)
    buttons = [Button(as_button(reason, say), RemoveFor(press.review, reason)) for reason in REASONS]
    back: Row = (Button(say("Back"), OpenReview(press.review)),)
    words = say("Why is the post removed? Its author reads the reason.")
    await context.show(Screen(words, (*columns(buttons, 1), back)))


async def ask_consequence(context: Context, press: RemoveFor) -> None:
    """Ask what follows for the author."""
    say = context.say
    case = await _open(context, press.review)
    possible = list(Consequence) if case.post.member_id is not None else [Consequence.NOTHING]
    buttons = [
        Button(say(CONSEQUENCES[one]), Decide(press.review, press.reason, one), style="danger") for one in possible
    ]
    back: Row = (Button(say("Back"), Remove(press.review)),)
    words = say("Removed as: {reason}. What follows for the author?", reason=say(REASONS[press.reason]))
    await context.show(Screen(words, (*columns(buttons, 1), back)))


async def _open(context: Context, review_id: int) -> Case:
    async with context.reading() as tx:
        case = await moderation.one(tx, context.viewer, review_id)
    if case.review.state is not ReviewState.OPEN:
        raise Refusal("review:decided", by=case.decider)
    return case


async def decide(context: Context, press: Decide) -> None:
    """Remove a reported post."""
    async with context.transaction() as tx:
        me = await context.myself(tx)
        await moderation.remove(tx, me, press.review, press.reason, press.consequence, context.now)
    await _show(context, press.review)


def draw(case: Case, say: Say) -> Screen:
    """Return the card; once decided it no longer shows the post itself."""
    open_ = case.review.state is ReviewState.OPEN
    found = told(case.post, case.topic, case.author, case.organisation)
    head = say("<b>Reported post</b> · {title}", title=found.title(say.language))
    named = [isolated(one) for one in (case.author, case.organisation) if one]
    author = say("By: {author}", author=Html(", ".join(named))) if named else say("From a feed or a channel")
    facts = [author, _counted(case, say), *(_waits(case, say) if open_ else [_decided(case, say)])]
    parts = [head, "\n".join(facts), *(["———", _body(case, say)] if open_ else [])]
    post = case.post
    short = post.kind == "document" and units(post.html or "") <= LONGEST_CAPTION
    file = file_of(post.file_id) if open_ and short and case.readable and post.label.protected else ()
    return Screen(lines(parts), _rows(case, say), post.label, file)


def _counted(case: Case, say: Say) -> Html:
    if not case.reports:
        return say("The reports were erased with the data of who made them.")
    why = Html(", ".join(say("{reason} ({n})", reason=say(REASONS[r]), n=n) for r, n in case.reasons))
    return say.many(
        "Reported by {n} member: {why}", "Reported by {n} members: {why}", case.reports, why=why
    )  # fmt: skip


def _waits(case: Case, say: Say) -> list[Html]:
    stands = say("It still stands: one more report hides it.")
    if case.review.hidden:
        stands = say("It is hidden until you decide.")
    return [stands, say("To be decided by {moment}.", moment=say.moment(case.review.due_at))]


def _decided(case: Case, say: Say) -> Html:
    by, review = isolated(case.decider or "–"), case.review
    if review.state is ReviewState.KEPT:
        return Html(f"<b>{say('Kept by {by}.', by=by)}</b>")
    reason, follows = say(REASONS[review.reason or Reason.OTHER]), review.consequence or Consequence.NOTHING
    words = say("Removed by {by}: {reason}; {follows}.", by=by, reason=reason, follows=say(FOLLOWED[follows]))
    return Html(f"<b>{words}</b>")


def _body(case: Case, say: Say) -> str:
    if not case.readable:
        return say("It is marked {label}, and not for you to read.", label=case.post.label.value)
    return body(told(case.post, case.topic, case.author, case.organisation), say)


def _rows(case: Case, say: Say) -> tuple[Row, ...]:
    number = case.review.id
    if case.review.state is ReviewState.OPEN:
        keeps = Button(say("Keep it"), Keep(number), style="success")
        return ((keeps, Button(say("Remove it"), Remove(number), style="danger")),)
    return ((Button(say("Lift the mute"), LiftMute(case.mute)),),) if case.mute is not None else ()


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Case | None]:
    found: dict[int, Case | None] = dict(await moderation.cases(tx, facts["review"], viewers))
    return found or {viewer.id: None for viewer in viewers if moderates(viewer, None)}


def _card(case: Case | None, say: Say, _policy: Policy) -> Screen:
    return Screen(say(ERASED), menu(say)) if case is None else draw(case, say)


def _late(case: Case | None, say: Say, _policy: Policy) -> Screen:
    if case is None:
        return Screen(say(ERASED), menu(say))
    words = say(
        "A reported post in “{topic}” has waited for a decision for two working days.",
        topic=case.topic.title(say.language),
    )
    opens = Button(say("Open the report"), OpenReview(case.review.id), style="primary")
    return Screen(words, ((opens, Button(say("All reports"), Open("reports"))),))


NOTICES = (Notice("review:card", _card, _load), Notice("review:late", _late, _load))
