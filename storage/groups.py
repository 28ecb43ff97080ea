"""Groups that are bound to the network, and the chat ids that follow them when Telegram changes one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from storage import access, audit
from storage.access import Action, Viewer
from storage.database import Base, Moment, Transaction, wake
from storage.outbox import OutboxRow


class BoundGroup(Base):
    """A group in which the network meets."""

    __tablename__ = "bound_group"

    id: Mapped[int] = mapped_column(primary_key=True)
    chat_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    title: Mapped[str] = mapped_column(String(255))
    bound_by: Mapped[int] = mapped_column(ForeignKey("member.id"))
    bound_at: Mapped[datetime] = mapped_column(Moment)


async def bind(tx: Transaction, viewer: Viewer, chat_id: int, title: str, now: datetime) -> None:
    """Bind a group; binding it again only refreshes its title."""
    access.require(viewer, Action.BIND_GROUP)
    row = await tx.scalar(select(BoundGroup).where(BoundGroup.chat_id == chat_id))
    if row is not None:
        row.title = title
        return
    tx.add(BoundGroup(chat_id=chat_id, title=title, bound_by=viewer.id, bound_at=now))
    await audit.record(tx, audit.Event.GROUP_BOUND, now, actor=viewer.id, chat=chat_id)
    wake(tx, "staff")  # its administrators get their list of commands


async def lose(tx: Transaction, chat_id: int, now: datetime) -> None:
    """Forget a group that the bot is no longer in."""
    gone = await tx.execute(delete(BoundGroup).where(BoundGroup.chat_id == chat_id).returning(BoundGroup.id))
    if gone.scalar() is not None:
        wake(tx, "staff")
        await audit.record(tx, audit.Event.GROUP_LOST, now, actor=None, chat=chat_id)


async def everyone(tx: Transaction) -> list[BoundGroup]:
    """Return all groups of the network."""
    return list(await tx.scalars(select(BoundGroup).order_by(BoundGroup.id)))


async def bound(tx: Transaction) -> list[int]:
    """Return the chat ids of all groups of the network."""
    return list(await tx.scalars(select(BoundGroup.chat_id).order_by(BoundGroup.id)))


async def is_bound(tx: Transaction, chat_id: int) -> bool:
    """Tell whether a group belongs to the network."""
    return await tx.scalar(select(BoundGroup.id).where(BoundGroup.chat_id == chat_id)) is not None


async def migrate(tx: Transaction, old: int, new: int) -> None:
    """Let every reference follow a group that became a supergroup; doing it twice changes nothing."""
    if await is_bound(tx, new):
        await tx.execute(delete(BoundGroup).where(BoundGroup.chat_id == old))
    await tx.execute(update(BoundGroup).where(BoundGroup.chat_id == old).values(chat_id=new))
    await tx.execute(update(OutboxRow).where(OutboxRow.chat_id == old).values(chat_id=new))
