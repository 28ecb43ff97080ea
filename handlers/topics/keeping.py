"""Keeping topics: a lead's or administrator's screens to close, reopen and people a topic, and the way to its forms."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.buttons import Button, Press, Row, columns, turns
from handlers.context import Context
from handlers.language import Html, Say, isolated
from handlers.presses import Begin, Home, Open, OpenFeeds, OpenTopic
from handlers.screens import Screen, lines
from handlers.topics.words import POLICIES, pillars, titled
from storage import access, groups, members, topics
from storage.access import Action, Viewer, allowed
from storage.groups import BoundGroup, Thread
from storage.topics import Policy, Topic

PEOPLE = 8


@dataclass(frozen=True)
class Keep(Press, prefix="keep"):
    """Show the screen from which one topic is kept."""

    topic: int


@dataclass(frozen=True)
class Close(Press, prefix="keep.close"):
    """Close a topic (`closed` 1) or reopen it (0)."""

    topic: int
    closed: int


@dataclass(frozen=True)
class Form(Press, prefix="keep.form"):
    """Open a form about a topic: `topic-name`, `topic-policy`, `topic-let-in`."""

    topic: int
    name: str


@dataclass(frozen=True)
class People(Press, prefix="keep.who"):
    """List who is in a topic, from member `first` on."""

    topic: int
    first: int


@dataclass(frozen=True)
class LetIn(Press, prefix="keep.in"):
    """Let a member into a topic."""

    topic: int
    member: int


@dataclass(frozen=True)
class PutOut(Press, prefix="keep.out"):
    """Take a member out of a topic; `sure` is 1 at the second press."""

    topic: int
    member: int
    sure: int


FORMS = frozenset({"topic-name", "topic-policy", "topic-let-in"})


async def mine(context: Context) -> None:
    """List the topics that the speaker keeps."""
    async with context.reading() as tx:
        known = await topics.catalogue(tx, context.viewer)
    say = context.say
    kept = [topic for topic in known if access.moderates(context.viewer, topic.id)]
    rows = columns([Button(_label(topic, say), Keep(topic.id)) for topic in kept], 1)
    rows.append((Button(say("Reports"), Open("reports")),))
    if allowed(context.viewer, Action.KEEP_TOPICS):
        rows.append((Button(say("New topic"), Begin("topic"), style="primary"),))
        rows.append((Button(say("Groups and channels"), Open("groups")), Button(say("Feeds"), OpenFeeds(0))))
    else:
        rows.append((Button(say("Feeds"), OpenFeeds(0)),))
    rows.append((Button(say("Menu"), Home()),))
    await context.show(Screen(say("The topics that you manage. Choose one to rename, close or open it."), tuple(rows)))


def _label(topic: Topic, say: Say) -> str:
    return f"{titled(topic, say)} · {say('closed')}" if topic.closed_at else titled(topic, say)


async def keep(context: Context, press: Keep) -> None:
    await _screen(context, press.topic)


async def _screen(context: Context, topic_id: int) -> None:
    async with context.reading() as tx:
        topic = await topics.kept(tx, context.viewer, topic_id)
        leads = await topics.leads(tx, topic_id)
        threads = await groups.threads.of_topic(tx, topic_id)
        own = [group for group in await groups.everyone(tx) if group.topic_id == topic_id]
        inside = await topics.members_of(tx, context.viewer, topic_id, None, 1)
    say = context.say
    named = "; ".join(f"{code}: {title}" for code, title in topic.titles.items())
    facts = [
        say("Titles: {titles}", titles=named),
        say("Pillar: {pillars}", pillars=pillars(topic, say)),
        say("Who is in: {policy}", policy=say(POLICIES[topic.policy])),
        say("Label: {label}", label=topic.label.value),
        say("Members: {n}", n=say.number(inside.count)),
        say("Groups: {groups}", groups=_places(own, threads, say)),
        _leads(len(leads), len({m.country for m in leads}), say),
    ]
    await context.show(
        Screen(lines([f"<b>{say('{title}', title=titled(topic, say))}</b>", "\n".join(facts)]),
               _rows(topic, context.viewer, say))
    )  # fmt: skip


def _places(own: list[BoundGroup], threads: list[tuple[Thread, BoundGroup]], say: Say) -> Html:
    named = [isolated(group.title) for group in own]
    for thread, group in threads:
        state = say("being made") if thread.thread_id is None else say("thread")
        state = say("thread broken") if thread.problem else state
        named.append(Html(f"{isolated(group.title)} ({state})"))
    return Html(", ".join(named) or "–")


def _leads(count: int, countries: int, say: Say) -> Html:
    if count >= 2 and countries >= 2:  # noqa: PLR2004 - two leads from two countries (R-12)
        return say("Leads: {n}, from {m} countries", n=say.number(count), m=say.number(countries))
    return say("Leads: {n}. A working group needs two, from two countries: /members gives the role.", n=count)


def _rows(topic: Topic, viewer: Viewer, say: Say) -> tuple[Row, ...]:
    close = Button(say("Close the topic"), Close(topic.id, 1), style="danger")
    if topic.closed_at:
        close = Button(say("Reopen the topic"), Close(topic.id, 0), style="success")
    policy = [Button(say("Who may come in"), Form(topic.id, "topic-policy"))]
    people: list[Row] = []
    if topic.policy is not Policy.OPEN:
        people = [
            (
                Button(say("Let a member in"), Form(topic.id, "topic-let-in")),
                Button(say("Members"), People(topic.id, 0)),
            )
        ]
    return (
        (Button(say("Rename"), Form(topic.id, "topic-name")), close),
        *([tuple(policy)] if allowed(viewer, Action.KEEP_TOPICS) else []),
        *people,
        (Button(say("Feeds"), OpenFeeds(topic.id)), Button(say("Show the topic"), OpenTopic(topic.id))),
        (Button(say("Back"), Open("keeping")), Button(say("Menu"), Home())),
    )


async def close(context: Context, press: Close) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        await topics.set_closed(tx, me, press.topic, context.now, closed=bool(press.closed))
    await _screen(context, press.topic)


async def form(context: Context, press: Form) -> None:
    """Open a form about a topic."""
    if press.name in FORMS:
        await context.begin(press.name, {"topic": press.topic})


async def people(context: Context, press: People) -> None:
    """List who is in a topic."""
    async with context.reading() as tx:
        topic = await topics.kept(tx, context.viewer, press.topic)
        page = await topics.members_of(tx, context.viewer, press.topic, press.first or None, PEOPLE)
    say = context.say
    rows: list[Row] = [(Button(members.called(m)[:40], PutOut(topic.id, m.id, 0)),) for m in page.items]
    rows += turns(page, lambda first: People(topic.id, first))
    rows.append((Button(say("Back"), Keep(topic.id)), Button(say("Menu"), Home())))
    words = say("Who is in “{topic}”. Press a name to take somebody out.", topic=topic.title(say.language))
    await context.show(Screen(words, tuple(rows)))


async def let_in(context: Context, press: LetIn) -> None:
    """Let a member into a topic."""
    async with context.transaction() as tx:
        await topics.let_in(tx, await context.myself(tx), press.topic, press.member, context.now)
    await _screen(context, press.topic)


async def put_out(context: Context, press: PutOut) -> None:
    """Take a member out of a topic, at the second press."""
    say = context.say
    if press.sure:
        async with context.transaction() as tx:
            await topics.put_out(tx, await context.myself(tx), press.topic, press.member, context.now)
        await people(context, People(press.topic, 0))
        return
    async with context.reading() as tx:
        topic = await topics.kept(tx, context.viewer, press.topic)
        member = await members.by_id(tx, press.member)
    words = say("Take {name} out of “{topic}”? They also leave the groups that are its own.",
                name=isolated(members.called(member)), topic=topic.title(say.language))  # fmt: skip
    yes = Button(say("Take out"), PutOut(press.topic, press.member, 1), style="danger")
    await context.show(Screen(words, ((yes, Button(say("Back"), People(press.topic, 0))),)))
