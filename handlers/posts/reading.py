"""The last posts of a topic, one post, and the notices that carry posts to groups, followers and authors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handlers.buttons import Button, Press, Row
from handlers.context import Context, Policy
from handlers.feature import Notice
from handlers.language import Say, isolated
from handlers.presses import Home, OpenPosts, OpenTopic, Report, Write
from handlers.screens import Screen, file_of, lines
from handlers.talk import Told, author, body, line, said, told
from storage import access, groups, posts, topics
from storage.access import Viewer
from storage.database import Transaction
from storage.groups import BoundGroup
from storage.outbox import Facts
from storage.posts import Post, PostState
from storage.tlp import highest
from storage.topics import Topic

SHOWN = 5
_GONE = (PostState.HIDDEN, PostState.REMOVED)


@dataclass(frozen=True)
class OpenPost(Press, prefix="talk.one"):
    """Show one post."""

    post: int


@dataclass(frozen=True)
class Again(Press, prefix="talk.again"):
    """Try once more to put a held post where it belongs."""

    post: int


async def last(context: Context, press: OpenPosts) -> None:
    """Show the last posts of a topic."""
    async with context.reading() as tx:
        topic = await topics.by_id(tx, context.viewer, press.topic)
        found = await posts.last(tx, context.viewer, topic.id, SHOWN)
        names, links = await posts.authors(tx, found), await posts.links(tx, found)
    say = context.say
    title = say("Last posts: {topic}", topic=topic.title(say.language))
    entries = [line(told(p, topic, *names[p.id]), n, links.get(p.id), p, say) for n, p in enumerate(found, 1)]
    back = (Button(say("Back"), OpenTopic(topic.id)), Button(say("Menu"), Home()))
    opens: Row = tuple(Button(str(n), OpenPost(p.id)) for n, p in enumerate(found, 1))
    empty = None if found else say("Nothing has been posted yet.")
    rows: tuple[Row, ...] = ((opens[:3]), (opens[3:]), back)
    label = highest([p.label for p in found])
    await context.show(Screen(lines([f"<b>{title}</b>", *entries, empty]), tuple(r for r in rows if r), label))


async def show(context: Context, press: OpenPost) -> None:
    """Show one post, with what can be done about it."""
    async with context.reading() as tx:
        post = await posts.by_id(tx, context.viewer, press.post)
        topic = await topics.by_id(tx, context.viewer, post.topic_id)
        names, links = await posts.authors(tx, [post]), await posts.links(tx, [post])
        inside = await groups.presence.of_member(tx, context.viewer.id)
    say = context.say
    link = links.get(post.id) if post.group_id in inside else None
    screen = _private(told(post, topic, *names[post.id]), post, link, say)
    back = (Button(say("Back"), OpenPosts(topic.id)), Button(say("Menu"), Home()))
    await context.show(Screen(screen.text, (*screen.buttons, back), post.label))


def _private(found: Told, post: Post, link: str | None, say: Say) -> Screen:
    """Return a post as it reads in a private chat."""
    head = say("<b>{title}</b> · {author}", title=found.title(say.language), author=author(found, say))
    first: Row = ((Button(say("Open in the group"), url=link),) if link else ()) + (
        Button(say("Report"), Report(post.id)),
    )
    return Screen(lines([head, body(found, say)]), (first,), post.label, _file(post))


def _file(post: Post) -> tuple[tuple[str, str], ...]:
    short = post.kind == "document" and len(post.html or "") < 900  # noqa: PLR2004 - a caption
    return file_of(post.file_id) if short else ()


async def again(context: Context, press: Again) -> None:
    """Try a held post again."""
    async with context.transaction() as tx:
        post = await posts.again(tx, await context.myself(tx), press.post, context.now)
        await posts.tell_author(
            tx, post, context.now, context.replaces if post.member_id == context.member.id else None
        )
    await context.close()


@dataclass(frozen=True)
class Shown:
    """A post for one reader, and the address that works for them."""

    post: Post
    told: Told
    link: str | None


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Shown]:
    found = await posts.told(tx, facts["post"], list(viewers))
    if not found:
        return {}
    post, topic = next(iter(found.values()))
    if post.state in _GONE and "again" not in facts:
        return {}  # hidden before they have ever seen it
    names, links = await posts.authors(tx, [post]), await posts.links(tx, [post])
    inside = {v.id: await groups.presence.of_member(tx, v.id) for v in viewers if v.id in found}
    read = told(post, topic, *names[post.id])
    link = links.get(post.id)
    shown, linked = Shown(post, read, None), Shown(post, read, link)
    return {number: linked if post.group_id in inside[number] else shown for number in found}


def _live(shown: Shown, say: Say, _policy: Policy) -> Screen:
    gone = {
        PostState.HIDDEN: say("This post was reported and is hidden until its moderators have decided."),
        PostState.REMOVED: say("This post was removed by the moderators of its topic."),
    }.get(shown.post.state)
    if gone is not None:
        return Screen(gone, ((Button(say("Menu"), Home()),),))
    screen = _private(shown.told, shown.post, shown.link, say)
    more = (
        Button(say("Last posts"), OpenPosts(shown.post.topic_id)),
        Button(say("Topic"), OpenTopic(shown.post.topic_id)),
    )
    return Screen(screen.text, (*screen.buttons, more), screen.label, screen.media)


async def _load_said(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Shown]:
    """Return a post for the group it was promised to, while it still waits to stand there."""
    post = await tx.get(Post, facts["post"])
    topic = await tx.get(Topic, post.topic_id) if post else None
    if post is None or topic is None or post.state is not PostState.QUEUED:
        return {}
    names = await posts.authors(tx, [post])
    return {viewer.id: Shown(post, told(post, topic, *names[post.id]), None) for viewer in viewers}


def _said(shown: Shown, say: Say, _policy: Policy) -> Screen:
    screen = said(shown.told, shown.post, say)
    return Screen(screen.text, (), screen.label, _file(shown.post))


async def _load_made(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, tuple[Shown, str]]:
    post = await tx.get(Post, facts["post"])
    topic = await tx.get(Topic, post.topic_id) if post else None
    if post is None or topic is None:
        return {}
    group = await tx.get(BoundGroup, post.group_id) if post.group_id is not None else None
    names, links = await posts.authors(tx, [post]), await posts.links(tx, [post])
    shown = Shown(post, told(post, topic, *names[post.id]), links.get(post.id))
    may = [v for v in viewers if v.id == post.member_id or access.moderates(v, topic.id)]
    return {viewer.id: (shown, group.title if group else "–") for viewer in may}


def _made(content: tuple[Shown, str], say: Say, _policy: Policy) -> Screen:
    shown, group = content
    post, title = shown.post, shown.told.title(say.language)
    rest: Row = (Button(say("Topic"), OpenTopic(post.topic_id)), Button(say("Menu"), Home()))
    if post.state is PostState.QUEUED:
        return Screen(say("Your post is on its way to “{group}”.", group=isolated(group)), (rest,))
    if post.state is PostState.HELD:
        return _held(content, say, _policy)
    words = say("Your post in “{topic}” is published.", topic=title)
    more: Row = (Button(say("Open in the group"), url=shown.link),) if shown.link else ()
    return Screen(words, (*((more,) if more else ()), (Button(say("Write another"), Write(post.topic_id)), *rest)))


def _held(content: tuple[Shown, str], say: Say, _policy: Policy) -> Screen:
    shown, group = content
    why = say("its thread there no longer exists or is closed")
    if shown.post.reason == posts.ELSEWHERE:
        why = say("Telegram put it into another thread, from where it was taken back at once")
    elif "thread" not in (shown.post.reason or "").lower() and "topic" not in (shown.post.reason or "").lower():
        why = say("Telegram says: {reason}", reason=shown.post.reason or "–")
    words = say(
        "A post in “{topic}” could not be put into “{group}”: {why}. It is held, and stands nowhere else. Once the "
        "group is in order, try again.",
        topic=shown.told.title(say.language), group=isolated(group), why=why,
    )  # fmt: skip
    return Screen(words, ((Button(say("Try again"), Again(shown.post.id)), Button(say("Menu"), Home())),))


NOTICES = (
    Notice("post:live", _live, _load),
    Notice("post:said", _said, _load_said, posts.landed),
    Notice("post:made", _made, _load_made),
    Notice("post:held", _held, _load_made),
)
