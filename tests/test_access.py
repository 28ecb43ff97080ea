"""Who may do and see what: the matrix cell by cell, and one rule in Python and in SQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, exists, select

from storage import access, members, migrations, topics
from storage.access import Action, Viewer, allowed, may_see, visible
from storage.database import Database
from storage.documents import Document, DocumentAudience
from storage.members import MemberState, Organisation, Role
from storage.refusals import Refusal
from storage.tlp import Label

NOW = datetime(2026, 11, 24, tzinfo=UTC)
ORGANISATIONS = (1, 2, 3)
BELONGING = {Action.BELONG, Action.SHARE}
GIVEN = {
    Role.ADMINISTRATOR: {Action.REVIEW, Action.ANNOUNCE, Action.MODERATE, Action.AUDIT, Action.BIND_GROUP},
    Role.MODERATOR: {Action.MODERATE},
    Role.AUDITOR: {Action.AUDIT},
    None: set[Action](),
}
MAY_APPLY = {MemberState.VISITOR, MemberState.DECLINED, MemberState.LEFT}


def viewer(state: MemberState, *roles: Role, organisation: int | None = None) -> Viewer:
    return Viewer(1, state, frozenset(roles), organisation, "en", "UTC")


@pytest.mark.parametrize(("state", "role", "action"), list(product(MemberState, GIVEN, Action)))
def test_the_matrix_is_as_written(state: MemberState, role: Role | None, action: Action) -> None:
    if action is Action.APPLY:
        expected = state in MAY_APPLY
    else:
        expected = state is MemberState.ACTIVE and action in BELONGING | GIVEN[role]

    assert allowed(viewer(state, *([role] if role else [])), action) is expected


@pytest.mark.parametrize("action", Action)
def test_a_refusal_does_not_say_what_was_denied(action: Action) -> None:
    with pytest.raises(Refusal) as refused:
        access.require(viewer(MemberState.BLOCKED, *Role), action)

    assert (refused.value.reason, refused.value.facts) == ("access:denied", {})


def test_roles_add_up_and_take_nothing_away() -> None:
    both = viewer(MemberState.ACTIVE, Role.MODERATOR, Role.AUDITOR)

    assert {action for action in Action if allowed(both, action)} == BELONGING | {Action.MODERATE, Action.AUDIT}


def test_who_is_not_active_is_no_staff_whatever_the_role() -> None:
    assert [state for state in MemberState if viewer(state, *Role).staff] == [MemberState.ACTIVE]
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
    assert may_see(who, label, audience) == (who.active and who.organisation_id in audience)
    assert not may_see(who, label, [])


@pytest.fixture
async def shelf(storage_url: str) -> AsyncIterator[Database]:
    """A database with a document of every label for every audience."""
    database = Database(storage_url)
    await migrations.upgrade(database)
    async with database.transaction() as tx:
        tx.add_all([Organisation(id=n, name=f"O{n}", key=f"o{n}") for n in ORGANISATIONS])
        topic = (await topics.catalogue(tx))[0].id
        for number, (label, audience) in enumerate(product(Label, _subsets()), 1):
            facts = {"token": str(number), "title": f"D{number}", "search": "", "topic_id": topic, "shared_at": NOW}
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
