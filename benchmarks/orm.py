"""What one would write first with SQLAlchemy: a mapped member and async sessions; the disk promises what ours does.

Started by the benchmarks as a process of its own, so that nothing of ours is in it, to make the table:
`python -m benchmarks.orm <database> <first number in Telegram> <how many members>`.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from sqlalchemy import BigInteger, String, event, insert
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Member(Base):
    __tablename__ = "member"

    id: Mapped[int] = mapped_column(primary_key=True)
    telegram_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    name: Mapped[str] = mapped_column(String(120))
    language: Mapped[str] = mapped_column(String(8))
    country: Mapped[str] = mapped_column(String(2))
    touched: Mapped[int] = mapped_column(default=0)


def _engine(url: str) -> Any:
    if not url.startswith("sqlite"):
        return create_async_engine(url, pool_size=20, max_overflow=20)
    engine = create_async_engine(url, connect_args={"timeout": 60})

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _entry: Any) -> None:
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine


def sessions(url: str) -> async_sessionmaker[AsyncSession]:
    return async_sessionmaker(_engine(url), expire_on_commit=False)


async def build(url: str, first: int, number: int) -> None:
    """Make the table, with so many members in it."""
    engine = _engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
        rows = [
            {"telegram_id": first + n, "name": f"Member {n}", "language": "en", "country": "KZ", "touched": 0}
            for n in range(number)
        ]
        await connection.execute(insert(Member), rows)
    await engine.dispose()


if __name__ == "__main__":
    asyncio.run(build(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
