"""Letters: rows of the mail lane become mails, for who may have them and has proved an address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.delivery.rendering import WITHHELD, Asking, Found, Kept
from handlers.language import Say
from handlers.mails import Mail
from storage import mail
from storage.database import Transaction
from storage.mail import MailAddress, Purpose
from storage.outbox import OutboxRow, OutboxState
from storage.tlp import Label

MAILED = (None, Label.CLEAR, Label.GREEN)
"""What may leave by mail, which is not end-to-end encrypted: nothing whose audience is named."""


@dataclass(frozen=True)
class Sealed:
    """A mail ready to send: to which address, and what stops such mails. `chat_id` is the reader's number."""

    row: OutboxRow
    chat_id: int
    address: str
    mail: Mail
    stop_url: str | None
    messages: int = 1


@dataclass(frozen=True)
class Whither:
    """Where a member's mail goes, and what stops it; without an address both are None."""

    address: MailAddress | None = None
    stop_url: str | None = None


class Letters(Asking[Sealed, Whither]):
    """Turns outbox rows into mails."""

    async def _besides(self, tx: Transaction, rows: Sequence[OutboxRow]) -> Mapping[int, Whither]:
        found = await mail.addressed(tx, [row.member_id for row in rows if row.member_id is not None])
        links = {number: await self._stop(tx, row) for number, row in found.items()}
        return {row.id: Whither(found.get(row.member_id or 0), links.get(row.member_id or 0)) for row in rows}

    async def _stop(self, tx: Transaction, row: MailAddress) -> str:
        return f"{self._policy.mail_url}/{Purpose.STOP}/{await mail.token(tx, Purpose.STOP, row)}"

    def _letter(self, found: Found, besides: Whither) -> Sealed | Kept:
        row, viewer, to = found.row, found.viewer, besides.address
        if to is None or (to.verified_at is None and not found.notice.proves):
            return Kept(row, OutboxState.UNREACHABLE, "no proved address")
        if viewer is None or viewer.id not in found.contents or not (viewer.active or found.notice.proves):
            return Kept(row, OutboxState.WITHHELD, WITHHELD)
        if found.notice.mail is None:
            return Kept(row, OutboxState.WITHHELD, "never goes by mail")
        stop_url = None if found.notice.proves else besides.stop_url
        say = Say(viewer.language, viewer.zone)
        written = found.notice.mail(found.contents[viewer.id], say, self._policy, stop_url)
        if written.label not in MAILED:
            return Kept(row, OutboxState.WITHHELD, "its label does not let it go by mail")
        return Sealed(row, viewer.id, to.address, written, stop_url if written.unsubscribe else None)
