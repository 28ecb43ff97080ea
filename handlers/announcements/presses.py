"""The buttons of announcements that several of its rooms show: the author's, and the readers'."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.buttons import Press


@dataclass(frozen=True)
class OpenDraft(Press, prefix="ann"):
    """Show a draft to its author."""

    announcement: int


@dataclass(frozen=True)
class OpenLanguages(Press, prefix="ann.tongues"):
    """Show in which languages a draft is written."""

    announcement: int


@dataclass(frozen=True)
class WriteWords(Press, prefix="ann.words"):
    """Write title and text in a language, anew or for the first time."""

    announcement: int
    language: str


@dataclass(frozen=True)
class DropWords(Press, prefix="ann.unwords"):
    """Take the words in a language away; the original stays."""

    announcement: int
    language: str


@dataclass(frozen=True)
class ChooseLabel(Press, prefix="ann.label"):
    """Choose another label."""

    announcement: int


@dataclass(frozen=True)
class OpenAudience(Press, prefix="ann.who"):
    """Choose whom it is for."""

    announcement: int


@dataclass(frozen=True)
class OpenMedia(Press, prefix="ann.media"):
    """Attach pictures or documents."""

    announcement: int


@dataclass(frozen=True)
class ShowMedia(Press, prefix="ann.show"):
    """Send what is attached to who looks at it before others get it."""

    announcement: int


@dataclass(frozen=True)
class OpenPoll(Press, prefix="ann.poll"):
    """Add a poll, or take it away."""

    announcement: int


@dataclass(frozen=True)
class OpenTimes(Press, prefix="ann.when"):
    """Choose when it leaves, how often, and until when it holds."""

    announcement: int


@dataclass(frozen=True)
class Urgent(Press, prefix="ann.urgent"):
    """Let it make a sound at night, or not."""

    announcement: int


@dataclass(frozen=True)
class Pay(Press, prefix="ann.pay"):
    """Let it leave faster, for Stars, or not."""

    announcement: int


@dataclass(frozen=True)
class Preview(Press, prefix="ann.see"):
    """Show how readers in a language see it."""

    announcement: int
    language: str


@dataclass(frozen=True)
class Try(Press, prefix="ann.try"):
    """Send it to its author alone."""

    announcement: int


@dataclass(frozen=True)
class Send(Press, prefix="ann.send"):
    """Send what was shown, to those who were counted: `digest` is the beginning of the hash of both."""

    announcement: int
    digest: str


@dataclass(frozen=True)
class Discard(Press, prefix="ann.drop"):
    """Throw a draft away."""

    announcement: int


@dataclass(frozen=True)
class OpenReport(Press, prefix="ann.rep"):
    """Open an announcement's report."""

    announcement: int


@dataclass(frozen=True)
class Acknowledge(Press, prefix="ann.ack"):
    """Acknowledge a version of an announcement."""

    announcement: int
    version: int


@dataclass(frozen=True)
class Answer(Press, prefix="ann.answer"):
    """Write to those who announced it."""

    announcement: int


@dataclass(frozen=True)
class Vote(Press, prefix="ann.vote"):
    """Choose an option of an announcement's poll."""

    announcement: int
    option: int


@dataclass(frozen=True)
class OpenChase(Press, prefix="ann.chase"):
    """Show who has not acknowledged it, by country and organisation."""

    announcement: int


@dataclass(frozen=True)
class OpenThreads(Press, prefix="ann.threads"):
    """Show what readers wrote in answer, the newest first; from this number on (0: from the newest)."""

    announcement: int
    first: int


@dataclass(frozen=True)
class Correct(Press, prefix="ann.fix"):
    """Correct the words that readers have, in a language."""

    announcement: int
    language: str


@dataclass(frozen=True)
class Retract(Press, prefix="ann.revoke"):
    """Take an announcement back from those who have it."""

    announcement: int


@dataclass(frozen=True)
class OpenFiles(Press, prefix="ann.files"):
    """Offer the report as a file or a picture."""

    announcement: int
