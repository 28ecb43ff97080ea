"""The rules of an audience: what SQL finds is what a plain model finds, and no tap makes everybody of nobody."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, insert

from storage import announcements, topics
from storage.announcements import EVERYBODY, Audience, AudienceList, Block, Condition, Dimension, LeftOut
from storage.announcements.choosing import Place, condition_in, drop_block, everybody, lift, mark_of, tick, turn
from storage.database import Database, Transaction
from storage.digests import DigestSchedule
from storage.members import BELONGING, Category, Member, MemberRole, MemberState, Organisation, Role
from storage.refusals import Refusal
from storage.tlp import Label
from storage.topics import Level, Subscription

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
PEOPLE, LISTS = 30, 4
"""How many people there are, and how many lists: the last one was dropped, so that its number names nothing."""
COUNTRIES = ("KZ", "KG", "UZ")
KINDS: Mapping[Dimension, tuple[str, ...]] = {
    Dimension.EVERYBODY: (),
    Dimension.COUNTRY: COUNTRIES,
    Dimension.CATEGORY: (Category.MEDIA.value, Category.JUSTICE.value),
    Dimension.ROLE: (Role.MODERATOR.value, Role.EDITOR.value),
    Dimension.LANGUAGE: ("en", "ru"),
    Dimension.TOPIC: ("1", "2", "3"),
    Dimension.ORGANISATION: ("1", "2", "3"),
    Dimension.LIST: tuple(str(n) for n in range(1, LISTS + 1)),
}
SEEDS = st.integers(0, 2**32 - 1)
NOT_EVERYBODY = [dimension for dimension in Dimension if dimension is not Dimension.EVERYBODY]


def conditions(*dimensions: Dimension) -> st.SearchStrategy[Condition]:
    """Return conditions of all kinds; with no value too, inside and outside."""
    return st.sampled_from(dimensions).flatmap(
        lambda dimension: st.builds(
            Condition,
            st.just(dimension),
            st.lists(st.sampled_from(KINDS[dimension] or ("–",)), max_size=2, unique=True).map(tuple),
            st.booleans(),
        )
    )


def audiences(*dimensions: Dimension) -> st.SearchStrategy[Audience]:
    blocks = st.lists(conditions(*dimensions), max_size=3).map(tuple)
    return st.lists(blocks, max_size=3).map(lambda found: Audience(tuple(found)))


@dataclass
class Somebody:
    """A person as the model knows them; None and empty are facts that are missing."""

    id: int
    state: MemberState
    country: str | None
    category: Category | None
    language: str
    house: int | None
    roles: frozenset[str]
    follows: frozenset[str]
    account: bool
    blocked: bool
    away: bool

    def has(self, dimension: Dimension) -> frozenset[str]:
        """Return what is known of the person in a dimension."""
        single = {
            Dimension.COUNTRY: self.country,
            Dimension.CATEGORY: self.category and self.category.value,
            Dimension.LANGUAGE: self.language,
            Dimension.ORGANISATION: self.house and str(self.house),
        }
        several = {Dimension.ROLE: self.roles, Dimension.TOPIC: self.follows}
        return several[dimension] if dimension in several else frozenset({single[dimension]} - {None})  # type: ignore[arg-type]


def holds(condition: Condition, one: Somebody, lists: Mapping[int, Audience]) -> bool:
    """Tell in plain words whether somebody meets a condition."""
    if condition.dimension is Dimension.EVERYBODY:
        return not condition.outside
    if not condition.values:
        return False
    if condition.dimension is Dimension.LIST:
        known = [lists.get(int(value)) for value in condition.values]
        if condition.outside and None in known:
            return False
        inside = any(found is not None and meant(found, one, {}) for found in known)
    else:
        inside = bool(one.has(condition.dimension) & set(condition.values))
    return inside is not condition.outside


def meant(audience: Audience, one: Somebody, lists: Mapping[int, Audience]) -> bool:
    return any(block and all(holds(c, one, lists) for c in block) for block in audience.blocks)


def why_not(one: Somebody, audience: Audience, label: Label, *, urgent: bool) -> LeftOut | None:
    """Return why somebody who is meant gets nothing."""
    idle = one.state is MemberState.IDLE
    houses = [
        {v for c in block if c.dimension is Dimension.ORGANISATION and not c.outside for v in c.values}
        for block in audience.blocks
    ]
    named = set().union(*houses) if houses and all(houses) else set()
    if label.named_audience and (idle or str(one.house) not in named):
        return LeftOut.LABEL
    if one.blocked or not one.account:
        return LeftOut.UNREACHABLE
    return LeftOut.PAUSED if (idle or one.away) and not urgent else None


class UndoneError(Exception):
    """Leaves nothing of an example in the database."""


def people(seed: int) -> Iterator[Somebody]:
    dice = random.Random(seed)  # noqa: S311 - the same people on every engine
    for n in range(1, PEOPLE + 1):
        yield Somebody(
            n, dice.choice([MemberState.ACTIVE] * 6 + [*MemberState]), dice.choice([*COUNTRIES, None]),
            dice.choice([Category.MEDIA, Category.JUSTICE, None]), dice.choice(["en", "ru", "uz"]),
            dice.choice([1, 2, 3, None]), frozenset(role for role in KINDS[Dimension.ROLE] if dice.random() < 0.3),
            frozenset(topic for topic in KINDS[Dimension.TOPIC] if dice.random() < 0.4), dice.random() < 0.9,
            dice.random() < 0.15, dice.random() < 0.15,
        )  # fmt: skip


async def settle(tx: Transaction, network: list[Somebody], lists: Mapping[int, Audience]) -> None:
    """Let the people and the lists be in the database under the numbers of the model."""
    houses = [{"id": int(n), "name": f"House {n}", "key": n} for n in KINDS[Dimension.ORGANISATION]]
    await tx.execute(insert(Organisation), houses)
    assert {str(topic.id) for topic in await topics.everything(tx)} >= set(KINDS[Dimension.TOPIC])
    await tx.execute(insert(Member), [_row(one) for one in network])
    roles = [{"member_id": one.id, "role": Role(role)} for one in network for role in sorted(one.roles)]
    await tx.execute(insert(MemberRole), roles)
    heard = [
        {
            "member_id": one.id,
            "topic_id": int(n),
            "since": NOW,
            "level": Level.DIGEST if n in one.follows else Level.MUTE,
        }
        for one in network
        for n in KINDS[Dimension.TOPIC]
    ]
    await tx.execute(insert(Subscription), heard)
    breaks = [
        {"member_id": one.id, "weekday": 0, "at": "09:00", "next_due_at": NOW, "paused": one.id % 2 == 0 or one.away,
         "paused_until": NOW + HOUR if one.away else NOW - HOUR}
        for one in network
    ]  # fmt: skip
    await tx.execute(insert(DigestSchedule), breaks)
    kept = [
        {"id": n, "name": f"List {n}", "audience": audience.facts(), "changed_at": NOW} for n, audience in lists.items()
    ]
    await tx.execute(insert(AudienceList), kept)


def _row(one: Somebody) -> dict[str, object]:
    return {
        "id": one.id, "telegram_id": one.id if one.account else None, "state": one.state, "country": one.country,
        "category": one.category, "language": one.language, "organisation_id": one.house, "zone": "UTC",
        "language_chosen": True, "created_at": NOW, "unreachable_since": NOW if one.blocked else None,
    }  # fmt: skip


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=SEEDS,
    chosen=st.lists(audiences(*Dimension), min_size=6, max_size=6),
    kept=st.lists(audiences(*Dimension), min_size=LISTS - 1, max_size=LISTS - 1),
    label=st.sampled_from([Label.CLEAR, Label.GREEN, Label.AMBER, Label.AMBER_STRICT]),
    urgent=st.booleans(),
)
async def test_sql_reaches_exactly_whom_the_plain_model_reaches(
    database: Database,
    seed: int,
    chosen: list[Audience],
    kept: list[Audience],
    label: Label,
    urgent: bool,  # noqa: FBT001 - drawn by lot
) -> None:
    network, lists = list(people(seed)), dict(enumerate(kept, start=1))
    with suppress(UndoneError):
        async with database.transaction() as tx:
            await settle(tx, network, lists)
            for audience in [*chosen, EVERYBODY, Audience()]:
                found = await announcements.reach(tx, audience, label, NOW, urgent=urgent)
                there = [o for o in network if o.state in BELONGING and meant(audience, o, lists)]
                reasons = {one.id: why_not(one, audience, label, urgent=urgent) for one in there}
                assert found.recipients == tuple(n for n, reason in reasons.items() if reason is None), audience
                assert found.left_out == {n: reason for n, reason in reasons.items() if reason is not None}, audience
            raise UndoneError


async def test_counting_asks_no_question_for_each_member(database: Database) -> None:
    asked: list[str] = []
    audience = Audience(tuple((Condition(d, KINDS[d][:1], outside=True),) for d in NOT_EVERYBODY))
    with suppress(UndoneError):
        async with database.transaction() as tx:
            await settle(tx, list(people(1)), {1: EVERYBODY})
            event.listen(tx.link.sync_connection, "before_cursor_execute", lambda *facts: asked.append(facts[2]))
            found = await announcements.reach(tx, audience, Label.GREEN, NOW)
            assert found.recipients
            assert len(asked) == 3  # who is on a break, the lists, and everybody who is meant
            raise UndoneError


NOBODIES = [
    Audience(),
    Audience(((),)),
    *(Audience(((Condition(d, (), outside),),)) for d in NOT_EVERYBODY for outside in (False, True)),
    Audience(((Condition(Dimension.EVERYBODY, outside=True),),)),
    Audience(((Condition(Dimension.LIST, ("7",), outside=True),),)),
    Audience(((Condition(Dimension.EVERYBODY), Condition(Dimension.LIST, ("7",), outside=True)),)),
]


@pytest.mark.parametrize("audience", NOBODIES, ids=str)
@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_what_says_nothing_is_nobody(database: Database, audience: Audience) -> None:
    with suppress(UndoneError):
        async with database.transaction() as tx:
            await settle(tx, list(people(1)), {1: EVERYBODY})
            assert await announcements.reach(tx, audience, Label.CLEAR, NOW) == announcements.Reach()
            assert (await announcements.reach(tx, EVERYBODY, Label.CLEAR, NOW)).recipients
            raise UndoneError


TAPS = st.tuples(
    st.sampled_from(["tick", "untick", "turn", "lift", "drop", "everybody"]),
    st.integers(-1, 3), st.sampled_from(NOT_EVERYBODY), st.integers(0, 2), st.integers(0, 1), st.booleans(),
)  # fmt: skip
Tap = tuple[str, int, Dimension, int, int, bool]


def tapped(audience: Audience, tap: Tap) -> Audience:
    deed, at, dimension, nth, which, outside = tap
    place = Place(at, dimension, nth)
    assert Place.at(place.number, dimension) == place
    value = KINDS[dimension][which]
    block = audience.blocks[at] if 0 <= at < len(audience.blocks) else ()
    match deed:
        case "tick" | "untick":
            return tick(audience, place, value, on=deed == "tick")
        case "turn":
            return turn(audience, place, outside=outside)
        case "lift":
            return lift(audience, place)
        case "drop":
            return drop_block(audience, at, mark_of(block))
        case _:
            return everybody(audience, at)


def wide(audience: Audience) -> bool:
    """Tell whether a block has nothing but everybody."""
    return any(block == (Condition(Dimension.EVERYBODY),) for block in audience.blocks)


def at_most(block: Block, before: Block) -> bool:
    """Tell whether a block has every condition of another one, with those of its values that are left."""
    return all(any(c.dimension is b.dimension and set(c.values) <= set(b.values) for c in block) for b in before)


@settings(max_examples=300)
@given(st.lists(TAPS, max_size=25))
def test_taps_never_make_everybody_of_somebody_and_taking_a_tick_out_never_widens(taps: list[Tap]) -> None:
    audience = Audience()
    for tap in taps:
        before = audience
        with suppress(Refusal):
            audience = tapped(before, tap)
        deed, at, dimension, nth, _, _ = tap
        assert all(audience.blocks)
        assert all(len(block) == 1 for block in audience.blocks if Condition(Dimension.EVERYBODY) in block)
        assert Audience.of(audience.facts()) == audience
        assert deed == "everybody" or not wide(audience) or wide(before)
        if deed == "untick" and len(audience.blocks) == len(before.blocks) > at:
            there = condition_in(before, Place(at, dimension, nth))
            assert there is None or there.outside or at_most(audience.blocks[at], before.blocks[at])
        if deed in ("tick", "untick") and audience != before:
            assert [b for n, b in enumerate(before.blocks) if n != at] == [
                b for n, b in enumerate(audience.blocks) if n != at
            ]
