"""Who may do and see what: the matrix cell by cell, and one rule in Python and in SQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, exists, select

from storage import access, members, migrations, topics
from storage.access import Action, Viewer, allowed, may_see, visible
from storage.database import Database
from storage.documents import Document, DocumentAudience
from storage.members import Category, Member, MemberState, Office, Organisation, Role
from storage.refusals import Refusal
from storage.tlp import Label

NOW = datetime(2026, 11, 24, tzinfo=UTC)
README = Path(__file__).parent.parent / "README.md"
ORGANISATIONS = (1, 2, 3)
MEMBERS = {
    Action.AWAIT, Action.BELONG, Action.VALIDATE, Action.SHARE, Action.POST, Action.INVITE, Action.VOUCH,
    Action.INTRODUCE,
}  # fmt: skip
GIVEN = {
    Role.ADMINISTRATOR: {
        Action.NOMINATE, Action.REVIEW, Action.JUDGE_OBJECTION, Action.JUDGE_BREACH, Action.SEE_MEMBERS,
        Action.CONFIRM_POSTS, Action.OFFBOARD, Action.SUSPEND, Action.BLOCK, Action.HAND_OVER, Action.GIVE_ROLES,
        Action.ANNOUNCE, Action.CONTRIBUTE, Action.EDIT, Action.MODERATE, Action.KEEP_TOPICS, Action.AUDIT,
        Action.BIND_GROUP,
    },
    Role.APPROVER: {Action.REVIEW},
    Role.FOCAL_POINT: {
        Action.NOMINATE, Action.REVIEW, Action.SEE_MEMBERS, Action.CONFIRM_POSTS, Action.OFFBOARD,
        Action.CONTRIBUTE,
    },
    Role.MODERATOR: {Action.MODERATE},
    Role.AUDITOR: {Action.AUDIT},
    Role.EDITOR: {Action.CONTRIBUTE, Action.EDIT},
    None: set[Action](),
}  # fmt: skip
INSIDE = {MemberState.ACTIVE, MemberState.DUE, MemberState.SOON_IDLE, MemberState.IDLE}
MAY_APPLY = {MemberState.VISITOR, MemberState.DECLINED, MemberState.LAPSED, MemberState.LEFT}
AWAITS = {MemberState.NOMINATED, MemberState.VETTED}
READS = {Action.AWAIT, Action.BELONG, Action.VALIDATE, Action.AUDIT}


def viewer(
    state: MemberState, *offices: Role | Office, organisation: int | None = None, read_only: bool = False
) -> Viewer:
    held = frozenset(Office(one) if isinstance(one, Role) else one for one in offices)
    return Viewer(1, state, held, organisation, "en", "UTC", read_only=read_only)


def expected(state: MemberState, role: Role | None, action: Action) -> bool:
    if action is Action.APPLY:
        return state in MAY_APPLY
    if action is Action.AWAIT and state in AWAITS:
        return True
    if action is Action.VALIDATE and state is MemberState.SUSPENDED:
        return True
    return state in INSIDE and action in MEMBERS | GIVEN[role]


@pytest.mark.parametrize(("role", "action"), list(product(GIVEN, Action)))
def test_the_matrix_is_as_written_in_every_state(role: Role | None, action: Action) -> None:
    held = [role] if role else []

    assert {state for state in MemberState if allowed(viewer(state, *held), action)} == {
        state for state in MemberState if expected(state, role, action)
    }


@pytest.mark.parametrize(("role", "action"), list(product(GIVEN, Action)))
def test_who_has_not_accepted_the_newest_terms_in_time_only_reads(role: Role | None, action: Action) -> None:
    reader = viewer(MemberState.ACTIVE, *([role] if role else []), read_only=True)
    otherwise = expected(MemberState.ACTIVE, role, action)

    assert allowed(reader, action) is (otherwise and action in READS)
    if otherwise and action not in READS:
        with pytest.raises(Refusal, match="terms:first"):
            access.require(reader, action)


def test_the_readme_shows_the_matrix_as_it_is() -> None:
    lines = README.read_text(encoding="utf-8").splitlines()
    head = next(n for n, line in enumerate(lines) if line.startswith("| action |"))
    roles = [cell.strip() for cell in lines[head].strip("|").split("|")][1:]
    shown = {}
    for line in lines[head + 2 :]:
        if not line.startswith("|"):
            break
        name, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        shown |= {(role, name): cell for role, cell in zip(roles, cells, strict=True)}
    reach = {Role.MODERATOR, Role.FOCAL_POINT}

    assert shown == {
        (role.value if role else "member", action.value): (
            "" if action not in MEMBERS | GIVEN[role] else "reach" if role in reach and action in GIVEN[role] else "yes"
        )
        for role, action in product(GIVEN, Action)
        if action not in {Action.APPLY, Action.AWAIT}
    }


countries = st.sampled_from([None, "KZ", "KG"])
organisations = st.sampled_from([None, *ORGANISATIONS])
offices = st.one_of(
    st.builds(Office, st.sampled_from([Role.ADMINISTRATOR, Role.APPROVER, Role.AUDITOR, Role.EDITOR])),
    st.builds(Office, st.just(Role.FOCAL_POINT), country=st.sampled_from(["KZ", "KG"])),
    st.builds(Office, st.just(Role.FOCAL_POINT), organisation_id=st.sampled_from(ORGANISATIONS)),
    st.builds(Office, st.just(Role.MODERATOR), topic_id=st.sampled_from([1, 2])),
)


@given(st.sets(offices, max_size=3), st.sampled_from(Action), countries, organisations)
def test_a_focal_point_reaches_their_country_or_organisation_and_nobody_else(
    held: set[Office], action: Action, country: str | None, organisation: int | None
) -> None:
    reached = any(
        action in GIVEN[o.role]
        and (
            o.role is not Role.FOCAL_POINT
            or (o.country is not None and o.country == country)
            or (o.organisation_id is not None and o.organisation_id == organisation)
        )
        for o in held
    )

    assert access.covers(viewer(MemberState.ACTIVE, *held), action, country, organisation) is reached
    assert not access.covers(viewer(MemberState.SUSPENDED, *held), action, country, organisation)


@given(st.sets(offices, max_size=3), st.sampled_from([None, 1, 2]))
def test_a_moderator_moderates_their_own_topic_only(held: set[Office], topic: int | None) -> None:
    may = {Role.ADMINISTRATOR, Role.MODERATOR} & {o.role for o in held}
    own = any(o.role is Role.ADMINISTRATOR or topic is None or o.topic_id == topic for o in held if o.role in may)

    assert access.moderates(viewer(MemberState.ACTIVE, *held), topic) is own


@pytest.mark.parametrize("action", Action)
def test_a_refusal_does_not_say_what_was_denied(action: Action) -> None:
    with pytest.raises(Refusal) as refused:
        access.require(viewer(MemberState.BLOCKED, *Role), action)

    assert (refused.value.reason, refused.value.facts) == ("access:denied", {})


def test_roles_add_up_and_take_nothing_away() -> None:
    both = viewer(MemberState.ACTIVE, Role.MODERATOR, Role.AUDITOR)

    assert {action for action in Action if allowed(both, action)} == MEMBERS | {Action.MODERATE, Action.AUDIT}


def test_who_is_not_active_is_no_staff_whatever_the_role() -> None:
    assert {state for state in MemberState if viewer(state, *Role).staff} == INSIDE
    assert not viewer(MemberState.ACTIVE).staff


viewers = st.builds(
    viewer,
    st.sampled_from(MemberState),
    st.sampled_from(Role),
    organisation=st.sampled_from([None, *ORGANISATIONS]),
)
audiences = st.lists(st.sampled_from(ORGANISATIONS), unique=True)


@given(viewers, audiences)
def test_nobody_sees_red_and_everybody_sees_clear(who: Viewer, audience: list[int]) -> None:
    assert may_see(who, Label.CLEAR, audience)
    assert not may_see(who, Label.RED, audience)


@given(viewers, st.sampled_from([Label.AMBER, Label.AMBER_STRICT]), audiences)
def test_amber_is_for_the_named_organisations_only_and_an_empty_audience_is_nobody(
    who: Viewer, label: Label, audience: list[int]
) -> None:
    shown = who.active and who.state is not MemberState.IDLE
    assert may_see(who, label, audience) == (shown and who.organisation_id in audience)
    assert not may_see(who, label, [])


@pytest.fixture
async def shelf(storage_url: str) -> AsyncIterator[Database]:
    """A database with a document of every label for every audience."""
    database = Database(storage_url)
    await migrations.upgrade(database)
    async with database.transaction() as tx:
        tx.add_all([Organisation(id=n, name=f"O{n}", key=f"o{n}") for n in ORGANISATIONS])
        topic = (await topics.everything(tx))[0].id
        for number, (label, audience) in enumerate(product(Label, _subsets()), 1):
            facts = {"token": str(number), "title": f"D{number}", "topic_id": topic, "shared_at": NOW}
            tx.add(Document(id=number, label=label, **facts))
            await tx.flush()
            tx.add_all([DocumentAudience(document_id=number, organisation_id=n) for n in audience])
    yield database
    await database.close()


def _subsets() -> list[Sequence[int]]:
    return [[n for n in ORGANISATIONS if bits & (1 << n)] for bits in range(0, 16, 2)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(who=viewers)
async def test_the_rule_in_sql_is_the_rule_in_python(shelf: Database, who: Viewer) -> None:
    named = exists().where(
        DocumentAudience.document_id == Document.id, DocumentAudience.organisation_id == who.organisation_id
    )
    async with shelf.reading() as tx:
        found = set(await tx.scalars(select(Document.id).where(visible(who, Document.label, named))))

    marked = dict(enumerate(product(Label, _subsets()), 1))
    assert found == {n for n, (label, audience) in marked.items() if may_see(who, label, audience)}


@pytest.fixture
async def people(database: Database) -> Database:
    """A database with a member of every country for every organisation."""
    async with database.transaction() as tx:
        tx.add_all([Organisation(id=n, name=f"O{n}", key=f"o{n}") for n in ORGANISATIONS])
        await tx.flush()
        for number, (country, organisation) in enumerate(product((None, "KZ", "KG"), (None, *ORGANISATIONS)), 1):
            facts = {"language": "en", "zone": "UTC", "created_at": NOW, "category": Category.MEDIA}
            tx.add(Member(id=number, country=country, organisation_id=organisation, **facts))
    return database


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(held=st.sets(offices, max_size=3), action=st.sampled_from(Action), state=st.sampled_from(MemberState))
async def test_the_reach_in_sql_is_the_reach_in_python(
    people: Database, held: set[Office], action: Action, state: MemberState
) -> None:
    who = viewer(state, *held)
    async with people.reading() as tx:
        reached = access.within(who, action, Member.country, Member.organisation_id)
        found = set(await tx.scalars(select(Member.id).where(reached)))
        everybody = list(await tx.scalars(select(Member)))

    assert found == {m.id for m in everybody if access.covers(who, action, m.country, m.organisation_id)}


async def test_a_viewer_is_read_anew_and_a_stranger_is_refused(storage_url: str) -> None:
    database = Database(storage_url)
    await migrations.upgrade(database)
    async with database.transaction() as tx:
        member = await members.welcome(tx, 50, "en", "UTC", NOW)
        member.state = MemberState.ACTIVE
        await members.give_role(tx, member.id, Role.AUDITOR)
        before = await access.viewer(tx, member.id)
        await members.take_roles(tx, member.id)
        after = await access.viewer(tx, member.id)
        many = await access.viewers(tx, [member.id, 999])
        await tx.execute(delete(members.Member))
        with pytest.raises(Refusal):
            await access.viewer(tx, member.id)
    await database.close()

    assert (before.roles, after.roles) == (frozenset({Role.AUDITOR}), frozenset())
    assert many == {after.id: after}
