"""Letters: rows of the mail lane become mails, for who may have them and has proved an address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.delivery.rendering import WITHHELD, Asking, Found, Kept
from handlers.language import Say
from handlers.mails import Mail
from storage import mail
from storage.alarms import OUTSIDE
from storage.database import Transaction
from storage.mail import MailAddress, Purpose
from storage.outbox import Leased, OutboxState
from storage.tlp import Label

MAILED = (None, Label.CLEAR, Label.GREEN)
"""What may leave by mail, which is not end-to-end encrypted: nothing whose audience is named."""


@dataclass(frozen=True)
class Sealed:
    """A mail ready to send: to which address, and what stops such mails. `chat_id` is the reader's number."""

    row: Leased
    chat_id: int
    address: str
    mail: Mail
    stop_url: str | None
    messages: int = 1
    paid: bool = False

    def unpaid(self) -> Sealed:
        """Return it as it is: mail costs no Stars."""
        return self


@dataclass(frozen=True)
class Whither:
    """Where a mail goes, whether who reads there has proved it, and what stops such mails; without one all are empty.

    The operator vouches for an address `outside` the network.
    """

    address: str | None = None
    proved: bool = False
    stop_url: str | None = None
    outside: bool = False


class Letters(Asking[Sealed, Whither]):
    """Turns outbox rows into mails."""

    async def _besides(self, tx: Transaction, rows: Sequence[Leased]) -> Mapping[int, Whither]:
        found = await mail.addressed(tx, [row.member_id for row in rows if row.member_id is not None])
        whither = {
            number: Whither(row.address, row.verified_at is not None, await self._stop(tx, row))
            for number, row in found.items()
        }
        return {row.id: _outside(row) or whither.get(row.member_id or 0) or Whither() for row in rows}

    async def _stop(self, tx: Transaction, row: MailAddress) -> str:
        return f"{self._policy.mail_url}/{Purpose.STOP}/{await mail.token(tx, Purpose.STOP, row)}"

    def _letter(self, found: Found, besides: Whither) -> Sealed | Kept:
        row, viewer, to = found.row, found.viewer, besides.address
        if to is None or not (besides.proved or found.notice.proves):
            return Kept(row, OutboxState.UNREACHABLE, "no proved address")
        admitted = viewer is not None and (viewer.active or found.notice.proves or besides.outside)
        if viewer is None or viewer.id not in found.contents or not admitted:
            return Kept(row, OutboxState.WITHHELD, WITHHELD)
        if found.notice.mail is None:
            return Kept(row, OutboxState.WITHHELD, "never goes by mail")
        stop_url = None if found.notice.proves else besides.stop_url
        say = Say(viewer.language, viewer.zone)
        written = found.notice.mail(found.contents[viewer.id], say, self._policy, stop_url)
        if written.label not in MAILED:
            return Kept(row, OutboxState.WITHHELD, "its label does not let it go by mail")
        return Sealed(row, viewer.id, to, written, stop_url if written.unsubscribe else None)


def _outside(row: Leased) -> Whither | None:
    """Return where a mail goes that is for no member, but for an operator outside the network."""
    to = row.facts.get(OUTSIDE) if row.member_id is None else None
    return None if to is None else Whither(to, proved=True, outside=True)
