"""Channels: where a member's digests reach them, as they chose."""

from __future__ import annotations

from datetime import datetime

from storage import access, consents, members
from storage.access import Action, Viewer
from storage.consents import Accepted
from storage.database import Transaction
from storage.mail.tables import MailAddress
from storage.members import Channel
from storage.refusals import Refusal

CONSENT = "email"
"""The kind of consent that is recorded when somebody takes digests by mail."""


async def choose(tx: Transaction, viewer: Viewer, channel: Channel, told: Accepted, now: datetime) -> None:
    """Let digests reach a member where they chose; who takes them by mail agrees to what they were `told` of it.

    Refusals: `mail:unproved` without a proved address, `mail:only` where there is no Telegram.
    """
    access.require(viewer, Action.BELONG)
    member = await members.held(tx, viewer.id)
    if channel is not Channel.EMAIL and member.telegram_id is None:
        raise Refusal("mail:only")
    if channel is not Channel.TELEGRAM:
        row = await tx.get(MailAddress, viewer.id)
        if row is None or row.verified_at is None:
            raise Refusal("mail:unproved")
        if member.channel is Channel.TELEGRAM:
            await consents.agree(tx, viewer, CONSENT, told, now)
    member.channel = channel
