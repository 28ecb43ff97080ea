"""Doubts: what a reviewer should look at twice before an applicant is believed."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from storage import members, names
from storage.applications.tables import Application, ApplicationKind, ApplicationState
from storage.database import Transaction
from storage.members import BELONGING, Member
from storage.nominations import Nomination

_NAMED = 3
STEERED = 3
"""So many refusals in a row call for a decision of the steering group (R-06)."""


@dataclass(frozen=True)
class Doubts:
    """Names of staff that look or sound alike, members of the same country with the same name, letters of two scripts
    in one word, what differs from the nomination, and how often the same person was declined in a row.
    """

    staff: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    mixed: bool = False
    differs: bool = False
    refusals: int = 0


async def doubts(tx: Transaction, row: Application) -> Doubts:
    """Return what speaks for a second look at an application."""
    staff = [m for m in (await members.staff(tx)).values() if m.id != row.member_id]
    there = select(Member).where(Member.state.in_(BELONGING), Member.country == row.country, Member.id != row.member_id)
    others = [m for m in await tx.scalars(there) if m not in staff]
    nomination = await tx.get(Nomination, row.nomination_id) if row.nomination_id else None
    return Doubts(
        staff=_alike(row.name, staff),
        same=_alike(row.name, others),
        mixed=names.mixes_scripts(row.name) or names.mixes_scripts(row.organisation),
        differs=nomination is not None and _differs(row, nomination),
        refusals=await _refusals(tx, row),
    )


def _alike(name: str, people: list[Member]) -> tuple[str, ...]:
    return tuple(m.name for m in people if m.name and names.resemble(name, m.name))[:_NAMED]


def _differs(row: Application, nomination: Nomination) -> bool:
    if not names.resemble(row.name, nomination.name):
        return True
    said = nomination.organisation
    return said is not None and members.key_of(said) != members.key_of(row.organisation)


async def _refusals(tx: Transaction, row: Application) -> int:
    before = select(Application.state).where(
        Application.member_id == row.member_id, Application.id < row.id, Application.kind == ApplicationKind.JOIN
    )
    count = 0
    for state in await tx.scalars(before.order_by(Application.id.desc())):
        if state is ApplicationState.APPROVED:
            break
        count += state is ApplicationState.DECLINED
    return count
