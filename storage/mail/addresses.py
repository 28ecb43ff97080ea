"""Addresses: where a member gets mail, proved by a code that was sent there."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, func, or_, select

from storage import access, members
from storage.access import Action, Viewer
from storage.database import Transaction
from storage.mail import keys
from storage.mail.tables import MailAddress
from storage.members import Channel, Member, MemberState
from storage.outbox import Lane, OutboxRow, Promise, promise
from storage.refusals import Refusal

CODE = "mail:code"
"""The notice that brings a code."""
CODE_FOR = timedelta(minutes=15)
"""How long a code is good."""
TRIES = 5
CODES_AN_HOUR = 3

_HOUR = timedelta(hours=1)
_LONGEST, _LONGEST_BOX = 254, 64
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@(?:[A-Za-z0-9-]+\.)+[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]")


class Verdict(StrEnum):
    """What became of a code that was typed."""

    RIGHT = "right"
    WRONG = "wrong"
    SPENT = "spent"
    LATE = "late"


@dataclass(frozen=True)
class Checked:
    """The verdict on a code, and how many tries are left."""

    verdict: Verdict
    left: int = 0


def proper(written: str) -> str:
    """Return an address that every mail server understands, as RFC 5321 has it. Refusal: `mail:address`."""
    box = written.partition("@")[0]
    if not _ADDRESS.fullmatch(written) or len(written) > _LONGEST or len(box) > _LONGEST_BOX or ".." in written:
        raise Refusal("mail:address")
    return written


async def of(tx: Transaction, viewer: Viewer, *, lock: bool = False) -> MailAddress | None:
    """Return the viewer's own address, proved or not, if there is one."""
    access.require(viewer, Action.BELONG)
    mine = select(MailAddress).where(MailAddress.member_id == viewer.id)
    return await tx.scalar(mine.with_for_update() if lock else mine)


async def propose(tx: Transaction, viewer: Viewer, address: str, now: datetime) -> None:
    """Note an address and send a code there; until it comes back, nothing else is mailed.

    Refusals: `mail:address`, and `mail:often` after `CODES_AN_HOUR`.
    """
    row = await of(tx, viewer, lock=True)
    await _spare(tx, viewer.id, now)
    await keys.draw(tx)
    if row is None:
        row = MailAddress(member_id=viewer.id, address=proper(address))
        tx.add(row)
    elif row.address != proper(address):
        row.address, row.verified_at = address, None
        await _without_mail(tx, viewer.id)
    row.sent_at, row.code_until, row.tries = now, now + CODE_FOR, 0
    row.code = _hash(await keys.code(tx, row, now))
    facts = {"at": now.isoformat()}
    sent = Promise(viewer.id, CODE, facts, lane=Lane.MAIL, expires_at=now + CODE_FOR)
    await promise(tx, [sent], now)


async def _spare(tx: Transaction, member_id: int, now: datetime) -> None:
    """Refuse where the last hour has seen as many codes as may be sent: nobody's box is filled with them."""
    sent = select(func.count()).where(OutboxRow.member_id == member_id, OutboxRow.notice == CODE)
    if (await tx.scalar(sent.where(OutboxRow.created_at > now - _HOUR)) or 0) >= CODES_AN_HOUR:
        raise Refusal("mail:often", most=CODES_AN_HOUR)


async def prove(tx: Transaction, viewer: Viewer, written: str, now: datetime) -> Checked:
    """Take a code that was typed; the right one proves the address. What it costs is noted, so this never refuses."""
    row = await of(tx, viewer, lock=True)
    if row is None or row.code is None or row.code_until is None or row.code_until < now:
        return Checked(Verdict.LATE)
    if row.tries >= TRIES:
        return Checked(Verdict.SPENT)
    row.tries += 1
    if not hmac.compare_digest(_hash(written), row.code):
        left = TRIES - row.tries
        return Checked(Verdict.WRONG if left else Verdict.SPENT, left)
    row.verified_at, row.code, row.code_until, row.tries = now, None, None, 0
    return Checked(Verdict.RIGHT)


async def forget(tx: Transaction, viewer: Viewer) -> None:
    """Delete the viewer's address; digests come in Telegram then. Refusal: `mail:only` where there is no Telegram."""
    access.require(viewer, Action.BELONG)
    await _without_mail(tx, viewer.id)
    await tx.execute(delete(MailAddress).where(MailAddress.member_id == viewer.id))


async def _without_mail(tx: Transaction, member_id: int) -> None:
    member = await members.held(tx, member_id)
    if member.telegram_id is None:
        raise Refusal("mail:only")
    member.channel = Channel.TELEGRAM


async def code_of(tx: Transaction, member_id: int, at: datetime) -> str | None:
    """Return the code that was sent at a moment, while it is the last one and good."""
    row = await tx.get(MailAddress, member_id)
    return await keys.code(tx, row, at) if row is not None and row.code is not None and row.sent_at == at else None


async def addressed(tx: Transaction, member_ids: list[int]) -> dict[int, MailAddress]:
    """Return the addresses of members, by member; whoever has none is missing."""
    rows = await tx.scalars(select(MailAddress).where(MailAddress.member_id.in_(member_ids)))
    return {row.member_id: row for row in rows}


async def known_as(tx: Transaction, address: str) -> Member | None:
    """Return the member who gets mail at an address, however it is spelled, or was invited there, if there is one.

    Who has only named it is not meant: anybody may name an address that is somebody else's.
    """
    known = or_(MailAddress.verified_at.is_not(None), Member.state == MemberState.APPROVED)
    found = select(Member).join(MailAddress, MailAddress.member_id == Member.id).where(known)
    return await tx.scalar(found.where(func.lower(MailAddress.address) == address.lower()).order_by(Member.id).limit(1))


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
