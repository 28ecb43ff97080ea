"""Who may do and see what: the role × action matrix, and the only door to marked content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Executable, false, or_, select, true

from storage import members
from storage.database import Transaction, among, execute, has_server
from storage.members import BELONGING, Member, MemberRole, MemberState, Office, Role
from storage.refusals import Refusal
from storage.tlp import Label


class Action(StrEnum):
    """Everything that a press or a command can ask for."""

    APPLY = "apply"
    AWAIT = "await a decision"
    BELONG = "belong"
    VALIDATE = "validate"
    SHARE = "share"
    POST = "post"
    INVITE = "invite"
    VOUCH = "vouch"
    INTRODUCE = "introduce"
    NOMINATE = "nominate"
    REVIEW = "review"
    JUDGE_OBJECTION = "judge objection"
    JUDGE_BREACH = "judge breach"
    CONTRIBUTE = "contribute to the digest"
    EDIT = "edit the digest"
    SEE_MEMBERS = "see members"
    CONFIRM_POSTS = "confirm posts"
    OFFBOARD = "offboard"
    SUSPEND = "suspend"
    BLOCK = "block"
    HAND_OVER = "hand over"
    GIVE_ROLES = "give roles"
    ANNOUNCE = "announce"
    MODERATE = "moderate"
    KEEP_TOPICS = "keep topics"
    AUDIT = "audit"
    BIND_GROUP = "bind group"


@dataclass(frozen=True)
class Viewer:
    """A person as the rules see them, read in the transaction that asks."""

    id: int
    state: MemberState
    offices: frozenset[Office]
    organisation_id: int | None
    language: str
    zone: str
    country: str | None = None
    read_only: bool = False

    @property
    def active(self) -> bool:
        """Whether the person belongs to the network now."""
        return self.state in BELONGING

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(office.role for office in self.offices)

    @property
    def staff(self) -> bool:
        return self.active and bool(self.offices)


MATRIX: dict[Role | None, frozenset[Action]] = {
    None: frozenset(
        {
            Action.AWAIT,  # a member may have filed a correction of their name
            Action.BELONG,
            Action.VALIDATE,
            Action.SHARE,
            Action.POST,
            Action.INVITE,
            Action.VOUCH,
            Action.INTRODUCE,
        }
    ),
    Role.MODERATOR: frozenset({Action.MODERATE}),
    Role.FOCAL_POINT: frozenset(
        {
            Action.NOMINATE,
            Action.REVIEW,
            Action.SEE_MEMBERS,
            Action.CONFIRM_POSTS,
            Action.OFFBOARD,
            Action.CONTRIBUTE,
        }
    ),
    Role.APPROVER: frozenset({Action.REVIEW}),
    Role.AUDITOR: frozenset({Action.AUDIT}),
    Role.EDITOR: frozenset({Action.CONTRIBUTE, Action.EDIT}),
    Role.ADMINISTRATOR: frozenset(
        {
            Action.NOMINATE,
            Action.REVIEW,
            Action.JUDGE_OBJECTION,
            Action.JUDGE_BREACH,
            Action.SEE_MEMBERS,
            Action.CONFIRM_POSTS,
            Action.OFFBOARD,
            Action.SUSPEND,
            Action.BLOCK,
            Action.HAND_OVER,
            Action.GIVE_ROLES,
            Action.ANNOUNCE,
            Action.CONTRIBUTE,
            Action.EDIT,
            Action.MODERATE,
            Action.KEEP_TOPICS,
            Action.AUDIT,
            Action.BIND_GROUP,
        }
    ),
}
"""What a member may do by belonging (`None`) and by each role. What is not here is denied.

A focal point may do it within their country or organisation, a moderator within their topic; see `covers`.
"""

READING = frozenset({Action.AWAIT, Action.BELONG, Action.VALIDATE, Action.AUDIT})
"""What is left to a member who has not accepted the newest terms in time (R-07)."""

MAY_APPLY = frozenset({MemberState.VISITOR, MemberState.DECLINED, MemberState.LAPSED, MemberState.LEFT})

PENDING = frozenset({MemberState.NOMINATED, MemberState.VETTED})


def allowed(viewer: Viewer, action: Action) -> bool:
    """Tell whether `viewer` may do `action` somewhere now. Deny by default; `covers` tells where."""
    if action is Action.APPLY:
        return viewer.state in MAY_APPLY
    if action is Action.AWAIT and viewer.state in PENDING:
        return True
    if action is Action.VALIDATE and viewer.state is MemberState.SUSPENDED:
        return True
    if not viewer.active or (viewer.read_only and action not in READING):
        return False
    return any(action in MATRIX[held] for held in (None, *viewer.roles))


def roles_with(action: Action) -> list[Role]:
    """Return the roles that let somebody do `action`."""
    return [role for role, may in MATRIX.items() if role is not None and action in may]


def require(viewer: Viewer, action: Action) -> None:
    """Refuse with `access:denied` unless `viewer` may do `action`; with `terms:first` while terms wait too long."""
    if allowed(viewer, action):
        return
    waits = viewer.active and viewer.read_only
    if waits and any(action in MATRIX[held] for held in (None, *viewer.roles)):
        raise Refusal("terms:first")
    raise Refusal("access:denied")


def covers(viewer: Viewer, action: Action, country: str | None, organisation_id: int | None) -> bool:
    """Tell whether `viewer` may do `action` to somebody of this country and organisation.

    The same rule as `within` in SQL: a focal point reaches their own country or organisation, other roles everything.
    """
    if not allowed(viewer, action):
        return False
    return any(
        action in MATRIX[office.role] and _reaches(office, country, organisation_id) for office in viewer.offices
    )


def _reaches(office: Office, country: str | None, organisation_id: int | None) -> bool:
    if office.role is not Role.FOCAL_POINT:
        return True
    by_country = office.country is not None and office.country == country
    return by_country or (office.organisation_id is not None and office.organisation_id == organisation_id)


def within(viewer: Viewer, action: Action, country: Any, organisation_id: Any) -> ColumnElement[bool]:
    """Return the SQL condition under which `viewer` may do `action` to a row; the same rule as `covers`.

    `country` and `organisation_id` are the row's columns.
    """
    if not allowed(viewer, action):
        return false()
    holding = [office for office in viewer.offices if action in MATRIX[office.role]]
    if any(office.role is not Role.FOCAL_POINT for office in holding):
        return true()
    reach = [country == office.country for office in holding if office.country is not None]
    reach += [organisation_id == o.organisation_id for o in holding if o.organisation_id is not None]
    return or_(false(), *reach)


def require_over(viewer: Viewer, action: Action, country: str | None, organisation_id: int | None) -> None:
    """Refuse as `require` does, and also where the person's country and organisation are not in reach."""
    require(viewer, action)
    if not covers(viewer, action, country, organisation_id):
        raise Refusal("access:denied")


def moderates(viewer: Viewer, topic_id: int | None) -> bool:
    """Tell whether `viewer` may moderate this topic (None: one that is gone): its moderators and administrators."""
    return allowed(viewer, Action.MODERATE) and any(
        office.role is not Role.MODERATOR or topic_id is None or office.topic_id in (None, topic_id)
        for office in viewer.offices
        if Action.MODERATE in MATRIX[office.role]
    )


def moderated(viewer: Viewer, topic_id: Any) -> ColumnElement[bool]:
    """Return the SQL condition under which `viewer` may moderate a row's topic; the same rule as `moderates`."""
    if not allowed(viewer, Action.MODERATE):
        return false()
    holding = [office for office in viewer.offices if Action.MODERATE in MATRIX[office.role]]
    if any(office.role is not Role.MODERATOR or office.topic_id is None for office in holding):
        return true()
    found: ColumnElement[bool] = topic_id.in_([office.topic_id for office in holding])
    return found


def may_see(viewer: Viewer, label: Label, organisations: Sequence[int], people: Sequence[int] = ()) -> bool:
    """Tell whether a marked item is open to `viewer` (TLP 2.0 §4). The same rule as `visible` in SQL.

    `organisations` and `people` (ids of members) are the audience that the source named; empty means nobody, and a
    member named by an item that is restricted to an organisation is not enough. An idle member is shown no AMBER.
    """
    if label is Label.CLEAR:
        return True
    if not viewer.active or label is Label.RED:
        return False
    if label is Label.GREEN:
        return True
    if viewer.state is MemberState.IDLE:
        return False
    return viewer.organisation_id in organisations or (label is Label.AMBER and viewer.id in people)


def visible(
    viewer: Viewer, label: Any, in_audience: ColumnElement[bool], in_person: ColumnElement[bool] | None = None
) -> ColumnElement[bool]:
    """Return the SQL condition under which a marked row is open to `viewer`; the same rule as `may_see`.

    `label` is the row's label column; `in_audience` tells whether the viewer's organisation is named by the row, and
    `in_person` whether the viewer is.
    """
    open_to_world: ColumnElement[bool] = label == Label.CLEAR
    if not viewer.active:
        return open_to_world
    if viewer.state is MemberState.IDLE:
        return or_(open_to_world, label == Label.GREEN)
    amber = label.in_([Label.AMBER, Label.AMBER_STRICT])
    by_house = amber & (in_audience if viewer.organisation_id is not None else false())
    by_name = false() if in_person is None else (label == Label.AMBER) & in_person
    return or_(open_to_world, label == Label.GREEN, by_house, by_name)


def viewer_of(member: Member, held: frozenset[Office]) -> Viewer:
    """Return a member as the rules see them."""
    return Viewer(
        member.id, member.state, held, member.organisation_id, member.language, member.zone, member.country,
        member.read_only,
    )  # fmt: skip


@dataclass(frozen=True)
class Reader:
    """Somebody to whom something is sent: as the rules see them, and where they are reached, if they are."""

    viewer: Viewer
    telegram_id: int | None
    unreachable: bool


@cache
def _readers(*, server: bool) -> Executable:
    told = (
        Member.id, Member.state, Member.organisation_id, Member.language, Member.zone, Member.country, Member.read_only,
        Member.telegram_id, Member.unreachable_since.is_not(None),
        MemberRole.role, MemberRole.topic_id, MemberRole.country, MemberRole.organisation_id,
    )  # fmt: skip
    offices: Any = MemberRole.member_id == Member.id
    return select(*told).outerjoin(MemberRole, offices).where(among(Member.id, "ids", server=server))


async def readers(tx: Transaction, member_ids: Sequence[int]) -> dict[int, Reader]:
    """Return many people as those to whom something is sent, by id and at one go; unknown ids are missing."""
    found: dict[int, Reader] = {}
    if not member_ids:
        return found
    for row in await execute(tx, _readers(server=has_server(tx)), {"ids": list(member_ids)}):
        number, state, organisation, language, zone, country, read_only, account, unreachable, role, *reach = row
        held = frozenset() if role is None else frozenset([members.Office(role, *reach)])
        if number in found:
            held |= found[number].viewer.offices
        viewer = Viewer(number, state, held, organisation, language, zone, country, read_only)
        found[number] = Reader(viewer, account, unreachable)
    return found


async def viewers(tx: Transaction, member_ids: Sequence[int]) -> dict[int, Viewer]:
    """Return many people as the rules see them, by id; unknown ids are missing."""
    await tx.flush()
    return {member_id: reader.viewer for member_id, reader in (await readers(tx, member_ids)).items()}


async def viewer(tx: Transaction, member_id: int) -> Viewer:
    """Return one person as the rules see them, read now and held for the rest of the transaction."""
    member = await members.by_id(tx, member_id, lock=True)
    if member is None:
        raise Refusal("access:denied")
    held = await members.offices(tx, [member_id])
    return viewer_of(member, held[member_id])
