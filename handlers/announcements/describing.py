"""How an audience reads in words: conditions joined by and, or, not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from handlers.language import Html, Say, capital, isolated, text
from handlers.screens import length
from handlers.vocabulary import CATEGORIES, ROLES
from storage import announcements, members, topics
from storage.announcements import Announcement, Audience, Block, Condition, Dimension, Repeats
from storage.announcements.poll import Poll
from storage.database import Transaction
from storage.members import Category, Role
from storage.tlp import Label

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


WHOSE = {
    Dimension.COUNTRY: text("in {values}"),
    Dimension.CATEGORY: text("from {values}"),
    Dimension.ROLE: text("with the role {values}"),
    Dimension.LANGUAGE: text("who read {values}"),
    Dimension.TOPIC: text("who follow {values}"),
    Dimension.ORGANISATION: text("who belong to {values}"),
    Dimension.LIST: text("on the list {values}"),
}
ROOM = 400
"""How many characters an audience has where it is told along with the words of an announcement."""
_WIDEST, _LONGEST = 40, 60
"""How many characters of a name a button has, and a sentence."""
_SHOWN = (12, 6, 3, 1)
"""How many values of a condition are named, as long as all of it has room."""


def described(audience: Audience, names: Names, say: Say, room: int = ROOM) -> Html:
    """Return an audience in words, one line for each block; where the room ends, values are counted, then groups."""
    if not audience.blocks:
        return say("nobody yet")
    for most in _SHOWN:
        said = _blocks(audience, names, say, most)
        if length(said) <= room:
            return said
    return say.many("{n} group of conditions", "{n} groups of conditions", len(audience.blocks))


def _blocks(audience: Audience, names: Names, say: Say, most: int) -> Html:
    first, *others = (_block(block, names, say, most) for block in audience.blocks)
    return Html("\n".join([first, *(say("or {whom}", whom=other) for other in others)]))


def _block(block: Block, names: Names, say: Say, most: int) -> Html:
    """Return in words those for whom all conditions of a block hold; what they are not is said last."""
    inside = [_inside(c, names, say, most) for c in block if not c.outside and c.dimension is not Dimension.EVERYBODY]
    outside = [say("except those {whom}", whom=_inside(c, names, say, most)) for c in block if c.outside]
    if not inside:
        return Html("; ".join([say("everybody"), *outside]))
    both = Html(f"; {say('and')} ".join(inside))
    return Html("; ".join([say("members {whom}", whom=both), *outside]))


def _inside(condition: Condition, names: Names, say: Say, most: int) -> Html:
    if not condition.values:
        return say(
            "with {what} still to be chosen (nobody until then)", what=_lower(say(DIMENSIONS[condition.dimension]))
        )
    told = [value_name(condition.dimension, v, names, say) for v in condition.values[:most]]
    named = [isolated(cut(name, _LONGEST)) for name in told]
    more = len(condition.values) - len(named)
    if more:
        named.append(say.many("{n} more", "{n} more", more))
    *rest, last = named
    values = Html(f"{', '.join(rest)} {say('or')} {last}" if rest else last)
    return say(WHOSE[condition.dimension], values=values)


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]


def cut(name: str, most: int = _WIDEST) -> str:
    """Return a name that people gave as long as there is room for it, on a button unless told otherwise."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def value_name(dimension: Dimension, value: str, names: Names, say: Say) -> str:
    """Return what one value of a dimension is called."""
    named: Mapping[Dimension, Callable[[], str]] = {
        Dimension.COUNTRY: lambda: say.country(value),
        Dimension.CATEGORY: lambda: say(CATEGORIES[Category(value)]),
        Dimension.ROLE: lambda: capital(say(ROLES[Role(value)])),
        Dimension.LANGUAGE: lambda: capital(say.language_name(value)),
        Dimension.TOPIC: lambda: names.topics.get(int(value), value),
        Dimension.ORGANISATION: lambda: names.organisations.get(int(value), value),
        Dimension.LIST: lambda: names.lists.get(int(value)) or say("a list that was dropped"),
    }
    return named[dimension]()


def advice(row: Announcement, names: Names, say: Say) -> list[Html]:
    """Return what an author has to know of an audience before it can be sent."""
    audience, told = row.meant, []
    if row.label is Label.AMBER_STRICT and len(audience.organisations) != 1:
        told.append(
            say("{label} stays in one organisation: choose exactly one, the same in every group.", label=row.label)
        )
    elif row.label.named_audience and not audience.organisations:
        told.append(
            say("{label} is only for organisations that you name: choose them in every group.", label=row.label)
        )
    if any(int(v) not in names.lists for v in audience.numbers(Dimension.LIST)):
        told.append(
            say("A list named here was dropped: whoever depended on it gets nothing. Remove it, or choose anew.")
        )
    return told


async def names_in(tx: Transaction, audience: Audience, language: str) -> Names:
    """Return what the numbers in an audience are called, in a language."""
    numbers = {d: audience.numbers(d) for d in (Dimension.TOPIC, Dimension.ORGANISATION, Dimension.LIST)}
    known = await topics.everything(tx) if numbers[Dimension.TOPIC] else []
    titles = {topic.id: topic.title(language) for topic in known}
    organisations = await members.organisation_names(tx, numbers[Dimension.ORGANISATION])
    return Names(titles, organisations, await announcements.list_names(tx, numbers[Dimension.LIST]))


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


def attached(row: Announcement, say: Say) -> Html:
    """Return in words what is attached."""
    if row.media[0]["kind"] == "photo":
        return say.many("{n} picture", "{n} pictures", len(row.media))
    return say.many("{n} document", "{n} documents", len(row.media))


def polled(poll: Poll, say: Say) -> Html:
    """Return in words what readers are asked."""
    kind = [
        say("several options") if poll.several else say("one option"),
        say("nobody sees who chose what") if poll.anonymous else say("the report names who chose what"),
    ]
    options = "\n".join(f"• {isolated(option)}" for option in poll.options)
    asked = say("Poll: {question} ({kind})", question=poll.question, kind=Html(", ".join(kind)))
    return Html(f"{asked}\n{options}")


def besides(row: Announcement, say: Say) -> list[Html]:
    """Return in words what comes with the text and is not drawn with it."""
    return [say("Attached: {what}", what=attached(row, say))] if row.media else []
