"""People: who has spoken to the bot, who belongs, and in which role."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, Moment, Transaction, insert, one_of, wake


class MemberState(StrEnum):
    """Where a person stands; `visitor` has spoken to the bot and not applied."""

    VISITOR = "visitor"
    NOMINATED = "nominated"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    DECLINED = "declined"
    BLOCKED = "blocked"
    LEFT = "left"
    ERASED = "erased"


class Category(StrEnum):
    """What kind of institution a member comes from."""

    GOV_POLICY = "GOV-POLICY"
    GOV_PRACT = "GOV-PRACT"
    JUSTICE = "JUSTICE"
    REL_EDU = "REL-EDU"
    MEDIA = "MEDIA"
    CSO = "CSO"
    ACADEMIA = "ACADEMIA"
    INTL = "INTL"


class Role(StrEnum):
    """What a member may do for others."""

    ADMINISTRATOR = "administrator"
    MODERATOR = "moderator"
    AUDITOR = "auditor"


class Organisation(Base):
    """An institution; `name` as written, `key` for recognising it again."""

    __tablename__ = "organisation"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    key: Mapped[str] = mapped_column(String(200), unique=True)


class Member(Base):
    """One person. Telegram's display name is never stored: `name` is what the person wrote and staff approved."""

    __tablename__ = "member"

    id: Mapped[int] = mapped_column(primary_key=True)
    telegram_id: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    state: Mapped[MemberState] = mapped_column(one_of(MemberState), default=MemberState.VISITOR, index=True)
    language: Mapped[str] = mapped_column(String(8))
    language_chosen: Mapped[bool] = mapped_column(default=False)
    name: Mapped[str | None] = mapped_column(String(120))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    category: Mapped[Category | None] = mapped_column(one_of(Category))
    country: Mapped[str | None] = mapped_column(String(2))
    zone: Mapped[str] = mapped_column(String(64))
    joined_at: Mapped[datetime | None] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    unreachable_since: Mapped[datetime | None] = mapped_column(Moment)


class MemberRole(Base):
    """A role that a member holds."""

    __tablename__ = "member_role"
    __table_args__ = (UniqueConstraint("member_id", "role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(one_of(Role))


async def by_telegram(tx: Transaction, telegram_id: int) -> Member | None:
    """Return the person behind a Telegram account, if known."""
    return await tx.scalar(select(Member).where(Member.telegram_id == telegram_id))


async def by_id(tx: Transaction, member_id: int, *, lock: bool = False) -> Member | None:
    """Return a person by id; `lock` holds the row until the end of the transaction (PostgreSQL)."""
    found = select(Member).where(Member.id == member_id).execution_options(populate_existing=lock)
    # Others may still refer to a held person (`key_share`), so that two staff who write to each other do not lock up.
    return await tx.scalar(found.with_for_update(key_share=True) if lock else found)


async def by_ids(tx: Transaction, member_ids: Sequence[int]) -> dict[int, Member]:
    """Return many people at once, by id."""
    found = await tx.scalars(select(Member).where(Member.id.in_(member_ids)))
    return {member.id: member for member in found}


async def welcome(tx: Transaction, telegram_id: int, language: str, zone: str, now: datetime) -> Member:
    """Return the person behind a Telegram account, as a new visitor if the bot never met them."""
    row = {"telegram_id": telegram_id, "language": language, "zone": zone, "created_at": now}
    row |= {"state": MemberState.VISITOR, "language_chosen": False}
    await tx.execute(insert(tx, Member).values(row).on_conflict_do_nothing(index_elements=["telegram_id"]))
    member = await by_telegram(tx, telegram_id)
    assert member is not None
    return member


def called(member: Member | None) -> str:
    """Return what a member is called among members: their name, or their number where none is known."""
    if member is None:
        return "–"
    return member.name or f"M-{member.id}"


async def roles(tx: Transaction, member_ids: Sequence[int]) -> dict[int, frozenset[Role]]:
    """Return the roles of each of `member_ids`; nobody is missing from the answer."""
    held: dict[int, set[Role]] = {member_id: set() for member_id in member_ids}
    rows = await tx.execute(select(MemberRole.member_id, MemberRole.role).where(MemberRole.member_id.in_(member_ids)))
    for member_id, role in rows:
        held[member_id].add(role)
    return {member_id: frozenset(found) for member_id, found in held.items()}


async def holders(tx: Transaction, role: Role, *, lock: bool = False) -> list[Member]:
    """Return the active members who hold `role`, in the order they came; `lock` holds them all (PostgreSQL)."""
    found = (
        select(Member)
        .join(MemberRole, MemberRole.member_id == Member.id)
        .where(MemberRole.role == role, Member.state == MemberState.ACTIVE)
        .order_by(Member.id)
        .execution_options(populate_existing=lock)
    )
    return list(await tx.scalars(found.with_for_update(of=Member, key_share=True) if lock else found))


async def staff(tx: Transaction) -> dict[int, Member]:
    """Return the active members who hold any role, by id."""
    found = select(Member).where(Member.state == MemberState.ACTIVE, Member.id.in_(select(MemberRole.member_id)))
    return {member.id: member for member in await tx.scalars(found.order_by(Member.id))}


async def give_role(tx: Transaction, member_id: int, role: Role) -> bool:
    """Give a role; return whether it is new."""
    held = await roles(tx, [member_id])
    if role in held[member_id]:
        return False
    tx.add(MemberRole(member_id=member_id, role=role))
    await tx.flush()
    wake(tx, "staff")
    return True


async def take_roles(tx: Transaction, member_id: int) -> None:
    """Take all roles of a member."""
    await tx.execute(delete(MemberRole).where(MemberRole.member_id == member_id))
    wake(tx, "staff")


async def organisation(tx: Transaction, name: str) -> Organisation:
    """Return the organisation people call `name`, as a new one if nobody named it before."""
    key = " ".join(name.casefold().split())
    row = {"name": " ".join(name.split()), "key": key}
    await tx.execute(insert(tx, Organisation).values(row).on_conflict_do_nothing(index_elements=["key"]))
    found = await tx.scalar(select(Organisation).where(Organisation.key == key))
    assert found is not None
    return found


async def organisation_names(tx: Transaction, ids: Sequence[int]) -> dict[int, str]:
    """Return organisations' names by id."""
    rows = await tx.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids)))
    return {row.id: row.name for row in rows}


async def mark_unreachable(tx: Transaction, member_id: int, now: datetime) -> None:
    """Note that a person blocked the bot or left Telegram; nothing more is sent until they write again."""
    reached = update(Member).where(Member.id == member_id, Member.unreachable_since.is_(None))
    await tx.execute(reached.values(unreachable_since=now))


async def choose_language(tx: Transaction, member_id: int, language: str) -> None:
    """Note the language that a person chose."""
    chosen = update(Member).where(Member.id == member_id)
    await tx.execute(chosen.values(language=language, language_chosen=True))
    wake(tx, "staff")
