"""Listening: psycopg's connection, which goes on listening to the server from one statement to the next.

The driver tells the event loop to listen before it waits for an answer and not to when it has come, by two calls of
the system each time: a seventh of what a short statement costs (`python -m benchmarks.updates`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import Any, cast

import psycopg
from psycopg.waiting import READY_R, WAIT_R

Work = Generator[Any, Any, Any]
"""A piece of the driver's work: it yields what it waits for, is sent what is there, and returns what came of it."""


class Connection(psycopg.AsyncConnection[Any]):
    """A connection that listens from its first wait until it hears something that nobody waits for."""

    _loop: asyncio.AbstractEventLoop
    _work: Work | None = None
    _done: asyncio.Future[tuple[bool, Any]] | None = None
    """Whether the work is over, and what came of it, or else what it waits for that only the driver can see to."""
    _socket: int | None = None
    """What is listened to, while it is."""
    begun = False
    """Whether somebody has begun a transaction whom alone it is to be ended by."""

    async def rollback(self) -> None:
        """Take back what the driver has begun."""
        if not self.begun:
            await super().rollback()

    async def wait(self, gen: Work, *given: Any, **more: Any) -> Any:
        """See a piece of the driver's work through, and return what came of it; raises what it raises."""
        try:
            asks = next(gen)
        except StopIteration as over:
            return over.value
        except BaseException:
            self._rest()  # the driver may have closed what is listened to
            raise
        if asks != WAIT_R or more.get("timeout") is not None:
            return await self._as_usual(_Rest(gen, asks), *given, **more)
        self._listen()
        self._work, self._done = gen, self._loop.create_future()
        try:
            is_over, said = await self._done
        except asyncio.CancelledError as interruption:
            self._work = None
            return await self._as_usual(_Rest(gen, asks, interruption), *given, **more)
        finally:
            self._work = self._done = None
        return said if is_over else await self._as_usual(_Rest(gen, said), *given, **more)

    async def _as_usual(self, rest: _Rest, *given: Any, **more: Any) -> Any:
        self._rest()  # a socket has one listener
        return await super().wait(cast("Any", rest), *given, **more)

    async def close(self) -> None:
        """Close the connection; who waits for an answer is told so."""
        self._rest()
        if self._done is not None and not self._done.done():
            self._work = None
            self._done.set_exception(psycopg.OperationalError("the connection was closed"))
        await super().close()

    def _listen(self) -> None:
        if self._socket is None:
            self._loop, self._socket = asyncio.get_running_loop(), self.pgconn.socket
            self._loop.add_reader(self._socket, self._hear)

    def _rest(self) -> None:
        if self._socket is not None:
            self._loop.remove_reader(self._socket)
            self._socket = None

    def _hear(self) -> None:
        if self._work is None or self._done is None or self._done.done():
            self._rest()  # it is about the whole session: whoever uses it next looks
            return
        try:
            asks = self._work.send(READY_R)
        except StopIteration as over:
            if self.closed:
                self._rest()
            self._done.set_result((True, over.value))
        except BaseException as error:  # noqa: BLE001 - told to who waits
            self._rest()
            self._done.set_exception(error)
        else:
            if asks != WAIT_R:
                self._done.set_result((False, asks))


class _Rest:
    """Work that has begun, for the driver's own way of waiting: it waits for `asks`, after an interruption if any."""

    def __init__(self, work: Work, asks: int, interruption: BaseException | None = None) -> None:
        self._work, self._asks, self._interruption = work, asks, interruption

    def __next__(self) -> int:
        interruption, self._interruption = self._interruption, None
        if interruption is not None:
            raise interruption
        return self._asks

    def send(self, ready: int) -> Any:
        return self._work.send(ready)
