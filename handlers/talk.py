"""How a post reads: in its group, in a follower's private chat, and as a line of a list."""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import datetime

from handlers.language import Html, Say, isolated, text
from handlers.screens import Screen, lines, plain
from storage.lengths import units
from storage.posts import Post, Source
from storage.topics import Topic

LONGEST = 3000
"""The longest text of a post that is said whole elsewhere, in Telegram's units; a longer one is cut there."""
EXCERPT = 160
CARRIES = {
    "photo": text("with a photo"),
    "video": text("with a video"),
    "document": text("with a file"),
    "voice": text("a voice message"),
    "poll": text("a poll"),
    "other": text("with something that cannot be shown here"),
}


@dataclass(frozen=True)
class Told:
    """A post as one reader may read it, with its names and where it stands."""

    topic: tuple[str, str, str]
    html: str
    carries: str
    name: str | None
    organisation: str | None
    url: str | None
    at: datetime

    def title(self, language: str) -> str:
        """Return the topic's title with its emoji."""
        emoji, english, russian = self.topic
        return f"{emoji} {russian if language == 'ru' else english}"


def told(post: Post, topic: Topic, name: str | None, organisation: str | None) -> Told:
    """Return what is told of a post."""
    titles = (topic.emoji, topic.title("en"), topic.title("ru"))
    return Told(titles, post.html or "", post.kind, name, organisation, post.url, post.at)


def body(found: Told, say: Say) -> str:
    """Return a post's own words, whole or cut, with what it carries and points to."""
    whole = Html(found.html)
    if units(whole) > LONGEST:
        rest = say("The full text is in the group.")
        whole = Html(f"{html.escape(plain(found.html, LONGEST), quote=False)}\n\n{rest}")
    carried = CARRIES.get(found.carries)
    return lines([whole, say("[{what}]", what=say(carried)) if carried else None, found.url and _address(found.url)])


def _address(url: str) -> Html:
    return Html(html.escape(url, quote=False))


def author(found: Told, say: Say) -> Html:
    """Return who wrote a post: a name and an organisation, or the feed it came by."""
    known = [isolated(one) for one in (found.name, found.organisation) if one]
    return Html(", ".join(known)) if known else say("from a feed or a channel")


def said(found: Told, post: Post, say: Say) -> Screen:
    """Return a post as it stands in its group."""
    signature = None if post.source is Source.FEED else f"— {author(found, say)}"
    return Screen(lines([body(found, say), signature]), label=post.label)


def line(found: Told, number: int, link: str | None, post: Post, say: Say) -> Html:
    """Return a post as one entry of a list."""
    excerpt = plain(found.html, EXCERPT) or say(CARRIES.get(found.carries, CARRIES["other"]))
    moved = [f"💬 {post.replies}"] if post.replies else []
    moved += [f"👍 {post.reactions}"] if post.reactions else []
    head = say("{n}. {day} · {author}", n=number, day=say.day(found.at), author=author(found, say))
    words = (
        Html(f'<a href="{html.escape(link)}">{html.escape(excerpt, quote=False)}</a>') if link else isolated(excerpt)
    )
    return Html("\n".join([f"<b>{head}</b>", words, *([" ".join(moved)] if moved else [])]))
