"""By mail: members without Telegram, and what the links in mails do."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy import select

from storage import access, audit, consents, digests, mail, membership, presence, privacy
from storage.audit import Event
from storage.consents import Accepted
from storage.database import Transaction
from storage.digests import WorkingDay
from storage.mail import MailAddress, Purpose
from storage.members import BELONGING, Channel, Member, MemberState
from storage.membership import Step
from storage.outbox import Lane, Promise, promise, withhold
from storage.refusals import Refusal

JOIN = "mail:join"
"""The notice that brings the link by which somebody joins."""
_STOPPED = (digests.ISSUE, mail.TAKE_MAIL)
"""What nobody gets by mail who has stopped the mails."""
_GOOD_FOR = timedelta(days=7)
_KEPT = timedelta(days=30)


async def invite(tx: Transaction, address: str, language: str, zone: str, now: datetime) -> Member:
    """Return somebody without Telegram who is a member once they open the link that is mailed to them now.

    Who was invited and has not answered is invited again.

    Refusals: `mail:address`; `mail:taken` where a member gets mail there (`member`: their number).
    """
    member = await mail.known_as(tx, mail.proper(address))
    if member is None:
        member = await _newcomer(tx, address, language, zone, now)
    elif member.state is not MemberState.APPROVED or member.telegram_id is not None:
        raise Refusal("mail:taken", member=member.id)
    await mail.draw(tx)
    letter = Promise(member.id, JOIN, lane=Lane.MAIL, expires_at=now + _GOOD_FOR)
    await promise(tx, [letter], now)
    return member


async def _newcomer(tx: Transaction, address: str, language: str, zone: str, now: datetime) -> Member:
    about = {"language": language, "language_chosen": True, "zone": zone, "created_at": now, "state_since": now}
    member = Member(state=MemberState.APPROVED, channel=Channel.EMAIL, **about)
    tx.add(member)
    await tx.flush()
    tx.add(MailAddress(member_id=member.id, address=address))
    await audit.record(tx, Event.MEMBER_INVITED, now, actor=None, subject=member.id)
    return member


async def join(
    tx: Transaction,
    token: str,
    terms: Accepted,
    told: Accepted,
    weekday: int,
    at: time,
    now: datetime,
    is_working_day: WorkingDay | None = None,
) -> Member:
    """Make who was invited a member: that the link was opened proves the address. A second time changes nothing.

    Who is a member already and had stopped the digests gets them again. Refusal: `mail:unknown`.
    """
    member, row = await mail.holder(tx, Purpose.JOIN, token, lock=True)
    if member.state is MemberState.APPROVED:
        row.verified_at = now
        await membership.move(tx, member, Step.ADDED, now, by=None)
        viewer = await access.viewer(tx, member.id)
        await consents.accept(tx, viewer, terms, now)
        await consents.agree(tx, viewer, mail.CONSENT, told, now)
        await digests.schedule(tx, member, weekday, at, now, is_working_day)
    elif member.state not in BELONGING:
        raise Refusal("mail:unknown")
    elif await digests.of(tx, await access.viewer(tx, member.id)) is not None:
        await digests.resume(tx, await access.viewer(tx, member.id), now, is_working_day)
    return member


async def stop(tx: Transaction, token: str, now: datetime) -> Member:
    """Send no more mail, nor what waits to be sent: digests come in Telegram then, or rest where there is none.

    Refusal: `mail:unknown`.
    """
    member, _ = await mail.holder(tx, Purpose.STOP, token, lock=True)
    await withhold(tx, member.id, _STOPPED, Lane.MAIL, now)
    if member.telegram_id is not None:
        member.channel = Channel.TELEGRAM
    else:
        await digests.rest(tx, member.id)
    return member


async def take(tx: Transaction, token: str, told: Accepted, now: datetime) -> Member:
    """Let digests come by mail from now on, as was offered by mail. Refusal: `mail:unknown`."""
    member, row = await mail.holder(tx, Purpose.TAKE, token, lock=True)
    if member.state not in BELONGING or row.verified_at is None:
        raise Refusal("mail:unknown")
    await presence.note(tx, member.id, now)
    if member.channel is Channel.TELEGRAM:
        await mail.choose(tx, await access.viewer(tx, member.id), Channel.EMAIL, told, now)
    return member


async def forget(tx: Transaction, now: datetime) -> None:
    """Erase who was invited and did not join in time: they never agreed that anything is kept about them."""
    invited = (Member.state == MemberState.APPROVED, Member.telegram_id.is_(None), Member.state_since < now - _KEPT)
    for member_id in list(await tx.scalars(select(Member.id).where(*invited))):
        await privacy.erase(tx, member_id, now)
