"""Who may do and see what: the role × action matrix, and the only door to marked content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, false, or_, true

from storage import members
from storage.database import Transaction
from storage.members import Member, MemberState, Role
from storage.refusals import Refusal
from storage.tlp import Label


class Action(StrEnum):
    """Everything that a press or a command can ask for."""

    APPLY = "apply"
    BELONG = "belong"
    SHARE = "share"
    REVIEW = "review"
    ANNOUNCE = "announce"
    MODERATE = "moderate"
    AUDIT = "audit"
    BIND_GROUP = "bind group"


@dataclass(frozen=True)
class Viewer:
    """A person as the rules see them, read in the transaction that asks."""

    id: int
    state: MemberState
    roles: frozenset[Role]
    organisation_id: int | None
    language: str
    zone: str

    @property
    def active(self) -> bool:
        return self.state is MemberState.ACTIVE

    @property
    def staff(self) -> bool:
        return self.active and bool(self.roles)


MATRIX: dict[Role | None, frozenset[Action]] = {
    None: frozenset({Action.BELONG, Action.SHARE}),
    Role.MODERATOR: frozenset({Action.MODERATE}),
    Role.AUDITOR: frozenset({Action.AUDIT}),
    Role.ADMINISTRATOR: frozenset({Action.REVIEW, Action.ANNOUNCE, Action.MODERATE, Action.AUDIT, Action.BIND_GROUP}),
}
"""What an active member may do by belonging (`None`) and by each role. What is not here is denied."""

_MAY_APPLY = frozenset({MemberState.VISITOR, MemberState.DECLINED, MemberState.LEFT})


def allowed(viewer: Viewer, action: Action) -> bool:
    """Tell whether `viewer` may do `action` now. Deny by default."""
    if action is Action.APPLY:
        return viewer.state in _MAY_APPLY
    return viewer.active and any(action in MATRIX[held] for held in (None, *viewer.roles))


def require(viewer: Viewer, action: Action) -> None:
    """Refuse with `access:denied` unless `viewer` may do `action`."""
    if not allowed(viewer, action):
        raise Refusal("access:denied")


def may_see(viewer: Viewer, label: Label, organisations: Sequence[int]) -> bool:
    """Tell whether a marked item is open to `viewer` (TLP 2.0 §4). The same rule as `visible` in SQL.

    `organisations` is the audience that the source named; empty means nobody.
    """
    if label is Label.CLEAR:
        return True
    if label is Label.GREEN:
        return viewer.active
    if label in (Label.AMBER, Label.AMBER_STRICT):
        return viewer.active and viewer.organisation_id in organisations
    return False


def visible(viewer: Viewer, label: Any, in_audience: ColumnElement[bool]) -> ColumnElement[bool]:
    """Return the SQL condition under which a marked row is open to `viewer`; the same rule as `may_see`.

    `label` is the row's label column; `in_audience` tells whether the viewer's organisation is named by the row.
    """
    open_to_world: ColumnElement[bool] = label == Label.CLEAR
    if not viewer.active:
        return open_to_world
    named = in_audience if viewer.organisation_id is not None else false()
    amber = label.in_([Label.AMBER, Label.AMBER_STRICT])
    return or_(open_to_world, label == Label.GREEN, amber & named & true())


def viewer_of(member: Member, held: frozenset[Role]) -> Viewer:
    """Return a member as the rules see them."""
    return Viewer(member.id, member.state, held, member.organisation_id, member.language, member.zone)


async def viewers(tx: Transaction, member_ids: Sequence[int]) -> dict[int, Viewer]:
    """Return many people as the rules see them, by id; unknown ids are missing."""
    found = await members.by_ids(tx, member_ids)
    held = await members.roles(tx, list(found))
    return {member_id: viewer_of(member, held[member_id]) for member_id, member in found.items()}


async def viewer(tx: Transaction, member_id: int) -> Viewer:
    """Return one person as the rules see them, read now and held for the rest of the transaction."""
    member = await members.by_id(tx, member_id, lock=True)
    if member is None:
        raise Refusal("access:denied")
    held = await members.roles(tx, [member_id])
    return viewer_of(member, held[member_id])
