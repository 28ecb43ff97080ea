"""The transaction: a session and the connection under it, committed at the end of a block or taken back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from storage import server


class Transaction(AsyncSession):
    """What a storage function works in. It never commits: the block that opened it does.

    `link` is the connection that it works on: who speaks of tables and not of objects goes past the session, which
    only begins once it is used. One that is `begun` is begun and ended here, and not by the driver; `touched` is how
    many rows it touched by what it began with.
    """

    def __init__(self, link: AsyncConnection, *, begun: bool) -> None:
        super().__init__(link, expire_on_commit=False, join_transaction_mode="control_fully")
        self.link, self.begun, self.touched = link, begun, 0

    async def commit(self) -> None:
        """Keep what was done. Raises InvalidRequestError where something failed that was overlooked."""
        if not self.begun:
            await super().commit()
            return
        if self.in_transaction():
            await self.connection()  # refuses where an object could not be written
            await self.flush()
        await server.commit(self.link)

    async def rollback(self) -> None:
        """Take back what was done so far, and go on."""
        await super().rollback()
        if self.begun:
            await server.roll_back(self.link, goes_on=True)


@asynccontextmanager
async def committed(engine: AsyncEngine, first: str | None = None) -> AsyncIterator[Transaction]:
    """Commit at the end of the block, or roll back; once it is committed nothing is left to wait for.

    With `first`, maybe empty, a server's transaction is begun and ended here and not by the driver.
    """
    link = await engine.connect()
    tx = Transaction(link, begun=first is not None)
    try:
        if first is not None:
            tx.touched = await server.begin(link, first)
        yield tx
        if tx.begun or tx.in_transaction():
            await tx.commit()
        await link.run_sync(_done)
    except BaseException:
        await asyncio.shield(asyncio.ensure_future(_undone(tx)))
        raise
    tx.sync_session.close()


def _done(connection: Connection) -> None:
    connection.commit()
    connection.close()


async def _undone(tx: Transaction) -> None:
    try:
        if tx.begun:
            await server.roll_back(tx.link)
        await tx.close()
    finally:
        await tx.link.close()
