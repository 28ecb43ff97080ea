"""How an audience reads in words: conditions joined by and, or, not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from handlers.language import Html, Say, capital, isolated, text
from handlers.vocabulary import CATEGORIES, ROLES
from storage import announcements, members, topics
from storage.announcements import Announcement, Audience, Block, Condition, Dimension, Repeats
from storage.database import Transaction
from storage.members import Category, Role

DIMENSIONS = {
    Dimension.EVERYBODY: text("Everybody"),
    Dimension.COUNTRY: text("Country"),
    Dimension.CATEGORY: text("Category"),
    Dimension.ROLE: text("Role"),
    Dimension.LANGUAGE: text("Language"),
    Dimension.TOPIC: text("Topic"),
    Dimension.ORGANISATION: text("Organisation"),
    Dimension.LIST: text("Saved list"),
}


REPEATS = {
    Repeats.WEEKLY: text("every week"),
    Repeats.FORTNIGHTLY: text("every two weeks"),
    Repeats.MONTHLY: text("every month"),
}


@dataclass(frozen=True)
class Names:
    """What topics, organisations and saved lists are called, by number."""

    topics: Mapping[int, str] = field(default_factory=dict)
    organisations: Mapping[int, str] = field(default_factory=dict)
    lists: Mapping[int, str] = field(default_factory=dict)


def described(audience: Audience, names: Names, say: Say) -> Html:
    """Return an audience in words, one line for each block."""
    blocks = [_block(block, names, say) for block in audience.blocks if block]
    if not blocks:
        return say("nobody yet")
    return Html(f"\n{say('or')} ".join(blocks))


def _block(block: Block, names: Names, say: Say) -> str:
    return f" {say('and')} ".join(_condition(condition, names, say) for condition in block)


def _condition(condition: Condition, names: Names, say: Say) -> str:
    if condition.dimension is Dimension.EVERYBODY:
        return say("everybody")
    said = f" {say('or')} ".join(isolated(value_name(condition.dimension, v, names, say)) for v in condition.values)
    what = say(DIMENSIONS[condition.dimension])
    return say("{what}: not {values}", what=what, values=Html(said)) if condition.outside else Html(f"{what}: {said}")


def value_name(dimension: Dimension, value: str, names: Names, say: Say) -> str:
    """Return what one value of a dimension is called."""
    named: Mapping[Dimension, Callable[[], str]] = {
        Dimension.COUNTRY: lambda: say.country(value),
        Dimension.CATEGORY: lambda: say(CATEGORIES[Category(value)]),
        Dimension.ROLE: lambda: capital(say(ROLES[Role(value)])),
        Dimension.LANGUAGE: lambda: capital(say.language_name(value)),
        Dimension.TOPIC: lambda: names.topics.get(int(value), value),
        Dimension.ORGANISATION: lambda: names.organisations.get(int(value), value),
        Dimension.LIST: lambda: names.lists.get(int(value), value),
    }
    return named[dimension]()


async def names_in(tx: Transaction, audience: Audience, language: str) -> Names:
    """Return what the numbers in an audience are called, in a language."""
    numbers = {d: _numbers(audience, d) for d in (Dimension.TOPIC, Dimension.ORGANISATION, Dimension.LIST)}
    known = await topics.everything(tx) if numbers[Dimension.TOPIC] else []
    titles = {topic.id: topic.title(language) for topic in known}
    organisations = await members.organisation_names(tx, numbers[Dimension.ORGANISATION])
    return Names(titles, organisations, await announcements.list_names(tx, numbers[Dimension.LIST]))


def _numbers(audience: Audience, dimension: Dimension) -> list[int]:
    return [int(v) for block in audience.blocks for c in block if c.dimension is dimension for v in c.values]


def times_of(row: Announcement, say: Say) -> list[Html]:
    """Return in words what was chosen of an announcement's times."""
    found = [_leaves(row, say)]
    if row.repeats is not None and row.series_id is None:
        until = say.date(row.repeat_until) if row.repeat_until else None
        again = say(REPEATS[row.repeats])
        found.append(
            say("Again {often}, until {day}.", often=again, day=until) if until else say("Again {often}.", often=again)
        )
    if row.expires_at is not None:
        found.append(say("It expires: {at}.", at=say.moment(row.expires_at)))
    if row.acknowledge_by is not None:
        found.append(say("To be acknowledged by {at}.", at=say.moment(row.acknowledge_by)))
    return found


def _leaves(row: Announcement, say: Say) -> Html:
    if row.local_at is not None:
        wall = datetime.fromisoformat(row.local_at)
        at = f"{say.date(wall.date())}, {wall:%H:%M}"
        return say("It leaves where each reader lives at {at}.", at=at)
    if row.send_at is not None:
        return say("It leaves {at}.", at=say.moment(row.send_at))
    return say("It leaves at once.")
