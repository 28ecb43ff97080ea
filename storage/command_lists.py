"""Command lists of single chats: what each was given, so that one which no longer fits can be taken back."""

from __future__ import annotations

from sqlalchemy import BigInteger, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, Transaction, insert


class CommandList(Base):
    """What a chat was given: `digest` tells one list from another."""

    __tablename__ = "command_list"

    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(String(64))


async def given(tx: Transaction) -> dict[int, str]:
    """Return the digest of the list that each chat has now, by chat id."""
    return {row.chat_id: row.digest for row in await tx.scalars(select(CommandList))}


async def note(tx: Transaction, chat_id: int, digest: str | None) -> None:
    """Note that a chat was given a list; None notes that its list was taken back."""
    if digest is None:
        await tx.execute(delete(CommandList).where(CommandList.chat_id == chat_id))
        return
    statement = insert(tx, CommandList).values(chat_id=chat_id, digest=digest)
    await tx.execute(statement.on_conflict_do_update(index_elements=["chat_id"], set_={"digest": digest}))
