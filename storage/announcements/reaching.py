"""Reach: whom an audience has now, who of them would get something, and who is left out and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import select

from storage import access
from storage.access import Viewer
from storage.announcements.audience import Audience, Dimension, condition_of
from storage.announcements.tables import AudienceList
from storage.database import Base, Transaction
from storage.members import BELONGING, Member, MemberState
from storage.tlp import Label


class LeftOut(StrEnum):
    """Why somebody who is meant gets nothing."""

    PAUSED = "paused"
    UNREACHABLE = "unreachable"
    LABEL = "label"


@dataclass(frozen=True)
class Reach:
    """Whom an audience reaches now: the ids of those who would get it, in order, and who would not and why.

    `languages` is how many of those who would get it read each language.
    """

    recipients: tuple[int, ...] = ()
    left_out: Mapping[int, LeftOut] = field(default_factory=dict)
    languages: Mapping[str, int] = field(default_factory=dict)


async def reach(tx: Transaction, audience: Audience, label: Label, now: datetime, *, urgent: bool = False) -> Reach:
    """Return whom an audience reaches. What is `urgent` reaches also those who pause.

    Who belongs to the network is meant; who has blocked the bot or has no Telegram account is unreachable, who is on a
    break or idle is paused, and who may not see the label is left out for it.
    """
    away = await _on_a_break(tx, now)
    lists = await _lists(tx, audience)
    found = select(
        Member.id, Member.state, Member.telegram_id, Member.unreachable_since, Member.organisation_id, Member.language
    )
    meant = found.where(Member.state.in_(BELONGING), condition_of(audience, lists)).order_by(Member.id)
    recipients: list[int] = []
    left_out: dict[int, LeftOut] = {}
    languages: Counter[str] = Counter()
    open_to = _open_to(label, audience.organisations)
    rows: Any = await tx.execute(meant)
    for member_id, state, account, unreachable, house, language in rows:
        if not open_to(state, house):
            left_out[member_id] = LeftOut.LABEL
        elif account is None or unreachable is not None:
            left_out[member_id] = LeftOut.UNREACHABLE
        elif not urgent and (state is MemberState.IDLE or member_id in away):
            left_out[member_id] = LeftOut.PAUSED
        else:
            recipients.append(member_id)
            languages[language] += 1
    return Reach(tuple(recipients), left_out, languages)


def _open_to(label: Label, organisations: Sequence[int]) -> Callable[[MemberState, int | None], bool]:
    """Return what tells whether a label is open to somebody of a state and an organisation: asked once for each."""

    @cache
    def open_to(state: MemberState, house: int | None) -> bool:
        return access.may_see(Viewer(0, state, frozenset(), house, "", ""), label, organisations)

    return open_to


async def _on_a_break(tx: Transaction, now: datetime) -> set[int]:
    schedule = Base.metadata.tables["digest_schedule"]  # digests tell of announcements, so they cannot be imported here
    away = select(schedule.c.member_id).where(schedule.c.paused, schedule.c.paused_until > now)
    return set(await tx.scalars(away))


async def list_names(tx: Transaction, ids: Sequence[int]) -> dict[int, str]:
    """Return what saved lists are called, by number."""
    rows = await tx.execute(select(AudienceList.id, AudienceList.name).where(AudienceList.id.in_(ids)))
    return {row.id: row.name for row in rows}


async def _lists(tx: Transaction, audience: Audience) -> dict[int, Audience]:
    chosen = audience.numbers(Dimension.LIST)
    if not chosen:
        return {}
    rows = await tx.scalars(select(AudienceList).where(AudienceList.id.in_(chosen)))
    return {row.id: Audience.of(row.audience) for row in rows}
