"""Comparing: what of a copy are the words of an announcement, apart from what each message adds to them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime

from telegram import Message, MessageEntity

from handlers.announcements.ballot import pattern
from handlers.announcements.reading import acknowledged, footer, foreign, holds, to_acknowledge
from handlers.context import Policy
from handlers.language import Html, Say, legible
from handlers.screens import marked, plain
from storage.announcements import Announcement, digest_of_words, folded
from storage.announcements.poll import Poll
from storage.lengths import units
from storage.tlp import Label

_CODE = re.compile(r"\bN-\d{1,10}\b.{0,60}?\b([0-9A-Z]{4}-[0-9A-Z]{4})\b", re.DOTALL)
_EDGES = ("Etc/GMT+12", "UTC", "Etc/GMT-14")
"""Zones between which every day is found that it can be somewhere at one moment."""


def code_of_copy(message: Message) -> str | None:
    """Return the code on a copy of an announcement; None where there is none."""
    found = _CODE.findall(_text(message))
    return str(found[-1]) if found else None


def _text(message: Message) -> str:
    return legible(message.text or message.caption or "")


def digests(message: Message, row: Announcement, policy: Policy) -> set[tuple[int, str]]:
    """Return what a copy may be: versions, each with the hash of what the copy then says."""
    links = _links(message)
    return {(version, digest_of_words(words, links)) for version, words in _words(_text(message), row, policy)}


def _links(message: Message) -> list[str]:
    found = [one for one in (*message.entities, *message.caption_entities) if one.type == MessageEntity.TEXT_LINK]
    return [one.url or "" for one in sorted(found, key=lambda one: one.offset)]


def _words(copy: str, row: Announcement, policy: Policy) -> Iterator[tuple[int, str]]:
    """Yield the words of a copy for each language and version whose footer it bears; under a false label, nothing."""
    body = _unlabelled(folded(copy), row.label)
    if body is None:
        return
    for language in policy.languages:
        say = Say(language)
        for version in range(1, row.version + 1):
            signed = _spoken(footer(row.id, row.code, version, say, policy))
            if body.endswith(signed):
                yield version, _stripped(body.removesuffix(signed).rstrip(), row, say)


def _unlabelled(copy: str, label: Label) -> str | None:
    for one in sorted(Label, key=lambda one: -units(one.value)):
        if copy.startswith(one.value):
            rest = copy.removeprefix(_spoken(marked(one))).removeprefix(one.value)
            return rest.lstrip() if one is label else None
    return copy


def _stripped(body: str, row: Announcement, say: Say) -> str:
    """Return words without what stands around them, in the order in which a message adds it."""
    for note in (_spoken(foreign(language, say)) for language in row.titles):
        body = body.removesuffix(note).rstrip()
    if row.expires_at is not None:
        body = re.sub(f"(?:{_dated(holds, row.expires_at, say)})$", "", body).rstrip()
    if row.acknowledge_by is not None:
        body = re.sub(f"(?:{_acknowledgement(row, say)})$", "", body).rstrip()
    if row.poll is not None:
        body = re.sub(f"{pattern(Poll.of(row.poll), say)}$", "", body).rstrip()
    if row.urgent:
        body = body.removeprefix(f"❗ {say('Urgent')}: ")
    return body


def _acknowledgement(row: Announcement, say: Say) -> str:
    """Return what a message may say of the deadline."""
    assert row.acknowledge_by is not None
    done = [re.escape(_spoken(acknowledged(say, late=late))) for late in (False, True)]
    return "|".join([*done, _dated(to_acknowledge, row.acknowledge_by, say)])


def _dated(words: Callable[[datetime, Say], Html], at: datetime, say: Say) -> str:
    """Return what words with a moment in them may read like: whatever the hour is where their reader lives."""
    said = {_spoken(words(at, Say(say.language, zone))) for zone in _EDGES}
    return "|".join(re.sub(r"\d\d:\d\d", r"\\d\\d:\\d\\d", re.escape(one)) for one in sorted(said))


def _spoken(written: str) -> str:
    """Return Telegram HTML as a copy of it reads."""
    return folded(legible(plain(written, 4096)))
