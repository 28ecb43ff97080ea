"""The life of a membership: the table of transitions holds whatever happens, and somebody always leads the network."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import product
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from storage import audit, dialogues, digests, members, nominations, topics
from storage.applications import OPEN, Application, ApplicationKind, ApplicationState
from storage.audit import AuditRow, Event
from storage.database import Base, Database, Transaction
from storage.directory import DirectoryEntry
from storage.groups import BoundGroup
from storage.members import BELONGING, Category, Member, MemberState, Office, Role
from storage.membership import TRANSITIONS, Step, move
from storage.nominations import Nomination, NominationKind, NominationState
from storage.outbox import OutboxRow
from storage.refusals import Refusal
from storage.removals import Removal

NOW = datetime(2027, 1, 11, tzinfo=UTC)
STRANGERS = {MemberState.VISITOR, MemberState.DECLINED, MemberState.LAPSED, MemberState.LEFT}
ENDS = {MemberState.LEFT, MemberState.BLOCKED, MemberState.ERASED, MemberState.DECLINED, MemberState.LAPSED}
TIES = ("subscription", "digest_schedule", "directory_entry", "member_role", "dialogue")
GOES = [step for step, way in TRANSITIONS.items() if way.sources & BELONGING and way.target not in BELONGING]
"""Everything that ends belonging, at whoever's wish."""


async def people(tx: Transaction) -> list[Member]:
    """Bring two administrators and two members, in a network with one group."""
    found = [await members.welcome(tx, n, "en", "UTC", NOW) for n in (1, 2, 50, 51)]
    for member in found:
        member.name, member.state, member.category = f"Person {member.id}", MemberState.ACTIVE, Category.MEDIA
    for member in found[:2]:
        await members.give_role(tx, member.id, Role.ADMINISTRATOR, NOW)
    tx.add(BoundGroup(chat_id=-100, title="Group", bound_by=found[0].id, bound_at=NOW))
    await tx.flush()
    return found


async def ties(tx: Transaction, member: Member, now: datetime) -> None:
    """Give somebody all that belonging brings, where they have none of it."""
    topic = (await topics.everything(tx))[0].id
    await topics.subscribe(tx, member.id, [topic], now)
    await digests.schedule(tx, member, 0, time(9), now)
    await members.give_role(tx, member.id, Office(Role.MODERATOR, topic_id=topic), now)
    if await tx.get(DirectoryEntry, member.id) is None:
        tx.add(DirectoryEntry(member_id=member.id, number=member.id, languages="", published_at=now))
    if await dialogues.current(tx, member.id) is None:
        await dialogues.begin(tx, member.id, "document", "source", {}, now)
    secret = f"{member.id}:{now.timestamp()}"
    tx.add(Nomination(kind=NominationKind.INVITATION, state=NominationState.OPEN, by_id=member.id, name="Guest",
                      secret_sha256=secret, made_at=now, expires_at=now + nominations.LIFETIME))  # fmt: skip
    if not (await tied(tx, member.id))["application"]:
        tx.add(Application(member_id=member.id, kind=ApplicationKind.CORRECTION, state=ApplicationState.VETTED,
                           name="Person", organisation="Institute", category=Category.MEDIA, country="KZ",
                           submitted_at=now))  # fmt: skip
    await tx.flush()


async def tied(tx: Transaction, member_id: int) -> Counter[str]:
    """Return how many rows bind somebody to the network, by table; of links and applications the open ones."""
    found: Counter[str] = Counter()
    for name in TIES:
        table = Base.metadata.tables[name]
        found[name] = await tx.scalar(select(func.count()).where(table.c.member_id == member_id)) or 0
    mine = (Nomination.by_id == member_id, Nomination.state == NominationState.OPEN)
    found["nomination"] = await tx.scalar(select(func.count(Nomination.id)).where(*mine)) or 0
    filed = (Application.member_id == member_id, Application.state.in_(OPEN))
    found["application"] = await tx.scalar(select(func.count(Application.id)).where(*filed)) or 0
    return +found


async def since(tx: Transaction, row: Any, last: int) -> Sequence[Any]:
    return (await tx.scalars(select(row).where(row.id > last).order_by(row.id))).all()


async def last_of(tx: Transaction, row: Any) -> int:
    return await tx.scalar(select(func.max(row.id))) or 0


async def takes(tx: Transaction, member: Member, step: Step, now: datetime) -> None:
    """Let somebody take a step, or be refused it, and hold the result against the table."""
    way, before = TRANSITIONS[step], member.state
    lasts = {row: await last_of(tx, row) for row in (AuditRow, OutboxRow, Removal)}
    roles = (await members.offices(tx, [member.id]))[member.id]
    leading = [m.id for m in await members.holders(tx, Role.ADMINISTRATOR)]
    goes = before in BELONGING and way.target not in BELONGING
    expected = None if before in way.sources else "membership:state"
    if expected is None and goes and leading == [member.id]:
        expected = "membership:last-administrator"
    refused = None
    try:
        await move(tx, member, step, now, by=None)
    except Refusal as refusal:
        refused = refusal.reason
    await tx.flush()

    assert refused == expected
    acts, told, removed = [await since(tx, row, last) for row, last in lasts.items()]
    if refused is not None:
        assert (member.state, acts, told, removed) == (before, [], [], [])
        return
    ended = way.target in ENDS and before not in STRANGERS
    assert (member.state, member.state_since) == (way.target, now)
    assert Counter(act.event for act in acts) == Counter({way.event: 1, Event.ROLE_TAKEN: len(roles) if ended else 0})
    assert {act.subject_id for act in acts} == {member.id}
    assert [(row.member_id, row.notice) for row in told] == ([(member.id, way.notice)] if way.notice else [])
    assert [row.chat_id for row in removed] == ([-100] if goes else [])
    if ended:
        assert await tied(tx, member.id) == Counter()
        assert member.vouches_from is None


async def test_every_step_from_every_state_goes_as_the_table_says_or_nowhere(database: Database) -> None:
    async with database.transaction() as tx:
        person = (await people(tx))[2]
        for n, (state, step) in enumerate(product(MemberState, Step)):
            now = NOW + timedelta(hours=n)
            person.state = state
            if state in BELONGING & TRANSITIONS[step].sources:
                await ties(tx, person, now)
            await takes(tx, person, step, now)
        assert await audit.first_broken(tx) is None


@given(
    st.lists(st.sampled_from(MemberState), min_size=4, max_size=4),
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from(Step)), max_size=25),
)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_happens_to_whomever_somebody_leads_the_network(
    database: Database, states: list[MemberState], steps: list[tuple[int, Step]]
) -> None:
    async with database.transaction() as tx:
        found = await people(tx)
        for member, state in zip(found, states, strict=True):
            member.state = MemberState.ACTIVE if member is found[0] else state
        for n, (who, step) in enumerate(steps):
            now = NOW + timedelta(hours=n)
            if found[who].state in BELONGING:
                await ties(tx, found[who], now)
            await takes(tx, found[who], step, now)
            assert await members.holders(tx, Role.ADMINISTRATOR)
        await tx.rollback()


async def test_of_two_administrators_who_go_at_once_in_any_way_one_stays(database: Database, storage_url: str) -> None:
    other = Database(storage_url)
    ways = list(product(GOES, GOES))
    rounds = [ways[n * len(ways) // 50] for n in range(50)]
    async with database.transaction() as tx:
        pair = [member.id for member in (await people(tx))[:2]]

    async def goes(where: Database, member_id: int, step: Step) -> str:
        async with where.transaction() as tx:
            member = await members.by_id(tx, member_id, lock=True)
            assert member is not None
            try:
                await move(tx, member, step, NOW, by=None)
            except Refusal as refusal:
                return refusal.reason
            return "gone"

    for both in rounds:
        async with database.transaction() as tx:
            for member_id, step in zip(pair, both, strict=True):
                member = await members.by_id(tx, member_id, lock=True)
                assert member is not None
                member.state = MemberState.DUE if step is Step.OVERDUE else MemberState.ACTIVE
                await members.give_role(tx, member_id, Role.ADMINISTRATOR, NOW)
        first, second = zip(pair, both, strict=True)
        done = await asyncio.gather(goes(database, *first), goes(other, *second))
        assert sorted(done) == ["gone", "membership:last-administrator"]
    await other.close()
