"""The buttons that belong to no feature: begin a form, go home."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.buttons import Press


@dataclass(frozen=True)
class Begin(Press, prefix="begin"):
    """Open the form called `dialogue`."""

    dialogue: str


@dataclass(frozen=True)
class Home(Press, prefix="home"):
    """Open the menu."""


@dataclass(frozen=True)
class Open(Press, prefix="open"):
    """Open a place of the menu: `topics`, `library`, `digest`, `events`, `review`, `announce`, `settings` …"""

    place: str


@dataclass(frozen=True)
class OpenBeside(Press, prefix="open.beside"):
    """Open a place of the menu as a new message: the one under which this is stays as it is."""

    place: str


@dataclass(frozen=True)
class CancelForm(Press, prefix="cancel"):
    """Close the open form, whichever it is."""


@dataclass(frozen=True)
class OpenDocument(Press, prefix="doc"):
    """Show one document's card."""

    document: int


@dataclass(frozen=True)
class NewAddress(Press, prefix="doc.address"):
    """Give a document a new address."""

    document: int


@dataclass(frozen=True)
class OpenVersion(Press, prefix="doc.this"):
    """Show exactly this version of a document, whichever is newer."""

    document: int


@dataclass(frozen=True)
class ArchiveAddress(Press, prefix="doc.archive"):
    """Say where an archive keeps a copy of a document."""

    document: int


@dataclass(frozen=True)
class Review(Press, prefix="doc.review"):
    """Say that a document is still valid."""

    document: int


@dataclass(frozen=True)
class OpenTopic(Press, prefix="top"):
    """Show one topic's card."""

    topic: int


@dataclass(frozen=True)
class OpenPosts(Press, prefix="talk"):
    """Show the last posts of a topic."""

    topic: int


@dataclass(frozen=True)
class Report(Press, prefix="report"):
    """Report a post to its topic's moderators."""

    post: int


@dataclass(frozen=True)
class ReportBreach(Press, prefix="breach.of"):
    """Report a breach by a `post` or a `document` to all administrators."""

    kind: str
    item: int


@dataclass(frozen=True)
class Write(Press, prefix="talk.new"):
    """Write something in a topic."""

    topic: int


@dataclass(frozen=True)
class OpenFeeds(Press, prefix="feeds"):
    """Show the feeds of a topic (0: of all that one keeps)."""

    topic: int


@dataclass(frozen=True)
class OpenEvent(Press, prefix="ev"):
    """Show one event's card."""

    event: int


@dataclass(frozen=True)
class AskContact(Press, prefix="intro.ask"):
    """Ask the member behind a directory entry for contact."""

    entry: int


@dataclass(frozen=True)
class ConfirmPost(Press, prefix="post.yes"):
    """Confirm that one still holds one's post."""
