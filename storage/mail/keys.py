"""Keys: what signs the links in mails and makes the codes, so that neither can be made by anybody else."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from storage import members
from storage.database import Transaction, insert
from storage.mail.tables import MailAddress, SigningKey
from storage.members import Member
from storage.refusals import Refusal

_NAME = "links"
_BYTES = 32
_TOKEN = re.compile(r"([0-9]{1,10})-([A-Za-z0-9_-]{43})")
_GREATEST = 2**31 - 1


class Purpose(StrEnum):
    """What a link in a mail does: stop the mails, join the network, or take the digests by mail."""

    STOP = "stop"
    JOIN = "join"
    TAKE = "take"


async def draw(tx: Transaction) -> None:
    """Draw the key where there is none yet; it stays as long as the database does."""
    row = {"name": _NAME, "key": secrets.token_hex(_BYTES)}
    await tx.execute(insert(tx, SigningKey).values(row).on_conflict_do_nothing(index_elements=["name"]))


async def token(tx: Transaction, purpose: Purpose, row: MailAddress) -> str:
    """Return what a link ends with that does `purpose` for who has this address; another address voids it."""
    return f"{row.member_id}-{_signature(await _key(tx), purpose, row)}"


async def holder(tx: Transaction, purpose: Purpose, written: str, *, lock: bool = False) -> tuple[Member, MailAddress]:
    """Return whose link this is; `lock` holds them for the rest of a writing transaction.

    Refusal: `mail:unknown`, whatever is wrong with it.
    """
    found = _TOKEN.fullmatch(written)
    number = int(found[1]) if found else 0
    if found is None or number > _GREATEST:
        raise Refusal("mail:unknown")
    member = await members.by_id(tx, number, lock=lock)
    row = await tx.get(MailAddress, number)
    # Who knows no address is given a signature all the same: an unknown number takes as long as a wrong one.
    good = _signature(await _key(tx), purpose, row or MailAddress(member_id=number, address=""))
    if not hmac.compare_digest(good, found[2]) or member is None or row is None:
        raise Refusal("mail:unknown")
    return member, row


async def code(tx: Transaction, row: MailAddress, at: datetime) -> str:
    """Return the six digits that were sent to an address at a moment; nobody need keep them."""
    signed = _sign(await _key(tx), f"code|{row.member_id}|{row.address}|{int(at.timestamp() * 1000)}")
    return f"{int.from_bytes(signed) % 1_000_000:06}"


def _signature(key: bytes, purpose: Purpose, row: MailAddress) -> str:
    signed = _sign(key, f"{purpose}|{row.member_id}|{row.address.casefold()}")
    return urlsafe_b64encode(signed).decode().rstrip("=")


def _sign(key: bytes, words: str) -> bytes:
    return hmac.digest(key, words.encode(), hashlib.sha256)


async def _key(tx: Transaction) -> bytes:
    found = await tx.scalar(select(SigningKey.key).where(SigningKey.name == _NAME))
    if found is None:
        raise Refusal("mail:unknown")
    return bytes.fromhex(found)
