"""Deadlines: what time does to applications: the window for objections ends, reviewers are reminded, some lapse."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import exists, func, select

from storage import members
from storage.applications import cards, vouching
from storage.applications.tables import (
    OPEN,
    Admission,
    Application,
    ApplicationKind,
    ApplicationState,
    Objection,
    ObjectionState,
)
from storage.database import Transaction
from storage.membership import Step, move

REMINDER = timedelta(hours=48)


async def advance(tx: Transaction, policy: Admission, now: datetime) -> None:
    """Let time do its work on every open application."""
    await _vet(tx, policy, now)
    await _lapse(tx, policy, now)
    await _remind(tx, now)


async def _vet(tx: Transaction, policy: Admission, now: datetime) -> None:
    over = (Application.state == ApplicationState.SUBMITTED, Application.window_until <= now)
    for row in await tx.scalars(select(Application).where(*over).with_for_update()):
        await vouching.vet(tx, row, policy, now)
        if row.state is ApplicationState.VETTED:
            await cards.redraw(tx, row.id, now)


async def _lapse(tx: Transaction, policy: Admission, now: datetime) -> None:
    """Let applications lapse that found too few vouches in time; while an objection is open the clock stands."""
    against = exists().where(Objection.application_id == Application.id, Objection.state == ObjectionState.OPEN)
    late = select(Application).where(Application.state.in_(OPEN), Application.lapses_at <= now, ~against)
    for row in await tx.scalars(late.with_for_update()):
        if row.state is ApplicationState.VETTED:
            unvouched = row.kind is ApplicationKind.POST
            if not unvouched or vouching.enough(row, await vouching.standing(tx, row), policy):
                continue  # it waits for the reviewers, not for vouches
        row.close(ApplicationState.LAPSED, None, now)
        member = await members.held(tx, row.member_id)
        await move(tx, member, Step.LAPSED, now, by=None, told={"kind": row.kind.value}, application=row.id)
        await cards.redraw(tx, row.id, now)
        await cards.close_circle(tx, row.id, now)


async def _remind(tx: Transaction, now: datetime) -> None:
    """Put what has waited for a decision for two days before its reviewers again, every two days."""
    since = func.coalesce(Application.reminded_at, Application.vetted_at)
    waits = select(Application).where(Application.state == ApplicationState.VETTED, since <= now - REMINDER)
    for row in await tx.scalars(waits.with_for_update()):
        row.reminded_at = now
        await cards.deal(tx, row, now)
