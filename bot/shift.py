"""The shift: this process among those that share its database, when it was last alive, and what only it may do."""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import AsyncExitStack, contextmanager, nullcontext, suppress
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from uuid import uuid4

from bot import __version__
from bot.clock import Clock
from bot.health import Watch
from bot.logs import log
from bot.start import StartError, naming_trouble
from storage import workers
from storage.database import Database, Transaction, fenced, is_trouble
from storage.workers import Duty, Session

ALONE_SECONDS = 10.0
"""How long a start on SQLite waits for the process before it to end."""
_AT_REST, _AT_WORK = 10.0, 2.0
"""Seconds between two heartbeats, on SQLite and on a server."""
_RETRY = 0.2

_log = log("bot.shift")


class Role(StrEnum):
    """Which part of the work a process does: it takes in what people send, delivers what is promised, or both."""

    ALL = "all"
    INTAKE = "intake"
    DELIVERY = "delivery"

    @property
    def takes_in(self) -> bool:
        return self is not Role.DELIVERY

    @property
    def delivers(self) -> bool:
        return self is not Role.INTAKE


class Shift:
    """Keeps this process known to the others, takes the duties nobody has, and tells commits of others.

    On SQLite the process is alone, which a lock on a file beside the database holds, and has every duty. A worker
    that was not seen for `lease_seconds`, or whose session ended, is dead, and what it had in hand is free.
    """

    def __init__(
        self, database: Database, watch: Watch, role: Role, wanted: Collection[Duty], lease_seconds: int
    ) -> None:
        self.id = uuid4().hex
        self._database = database
        self._watch = watch
        self._role = role
        self._wanted = frozenset(wanted)
        self._seconds = lease_seconds
        self._every = min(_AT_WORK, lease_seconds / 3) if database.has_server else _AT_REST
        self._duties: frozenset[Duty] = frozenset()
        self._seen = -float("inf")
        self._changed = asyncio.Condition()
        self._news = asyncio.Event()
        self._listeners: list[Callable[[], None]] = []
        self._doubts: list[Callable[[], None]] = []
        self._session = Session(database, self.id) if database.has_server else None
        self._others = 0
        self._deaf = self._began = False
        self._open = AsyncExitStack()
        database.on_commit("duties", self._news.set)

    @property
    def lease(self) -> str | None:
        """The name under which updates are taken in hand, where others might take them as well."""
        return self.id if self._database.has_server else None

    def has_others(self) -> bool:
        """Tell whether other processes work as well."""
        return self._others > 0

    async def keep_alone(self) -> None:
        """See, before anything is written, that no other bot works on an SQLite file.

        Raises:
            StartError: one does, and goes on; or nothing can be written beside it.
        """
        path = self._database.engine.url.database
        if self._database.has_server or not path or path.startswith((":memory:", "file:")):
            return
        with naming_trouble(self._database):
            file = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._open.callback(os.close, file)
        until = time.monotonic() + ALONE_SECONDS
        while not _locked(file):
            if time.monotonic() > until:
                raise StartError(
                    f"Another bot works on {path}: stop it first. Several processes can share a PostgreSQL database."
                )
            await asyncio.sleep(_RETRY)

    async def begin(self) -> None:
        """Enrol, and take up what a dead process left."""
        if self._session is not None:
            self._database.pass_on = self._pass_on
            self._open.push_async_callback(self._session.close)
            await self._session.open()
        await self._beat()
        self._began = True

    def on(self, duty: Duty) -> bool:
        """Tell whether this process has a duty; without a heartbeat for a whole lease it has none any more."""
        return duty in self._duties and self.alive()

    def alive(self) -> bool:
        """Tell whether nobody can have taken this process for dead, and what it has in hand for free."""
        return not self._database.has_server or time.monotonic() - self._seen < self._seconds

    async def until_on(self, duty: Duty) -> None:
        """Wait until this process has a duty."""
        async with self._changed:
            await self._changed.wait_for(partial(self.on, duty))

    @contextmanager
    def fenced(self, duty: Duty) -> Iterator[None]:
        """Let what is written in the block be written only while this process has a duty.

        Raises:
            NotOnDutyError: in each transaction, once it has not.
        """
        fence = fenced(partial(workers.require, worker_id=self.id, duty=duty))
        with fence if self._database.has_server else nullcontext():
            yield

    def relieve(self, duty: Duty) -> None:
        """Know that another has a duty of ours, before the next heartbeat would tell."""
        self._duties -= {duty}

    def on_doubt(self, doubt: Callable[[], None]) -> None:
        """Call `doubt` when this process had been taken for dead, before it counts as alive again."""
        self._doubts.append(doubt)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever this process has other duties than before."""
        self._listeners.append(listener)

    async def run(self) -> None:
        """Beat until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._every):
                    await self._news.wait()
            self._news.clear()
            await self._beat()

    async def listen(self) -> None:
        """Hear what other processes commit, until cancelled or until the session is lost; then it can be run again."""
        if self._session is None:
            await asyncio.Event().wait()
            return
        if self._deaf:
            await self._session.open()
            self._database.tell()  # something may have been said meanwhile
        self._deaf = True
        async for subject in self._session.heard():
            self._database.tell(subject)

    async def end(self) -> None:
        """Leave, so that others need not wait until this process is taken for dead."""
        try:
            if self._began:
                async with self._database.transaction() as tx:
                    await workers.leave(tx, self.id)
        except Exception as error:
            if not is_trouble(error):
                raise
        finally:
            await self._open.aclose()

    async def _beat(self) -> None:
        polled, ticked = (_moment(at) for at in (self._watch.last_poll, self._watch.last_tick))
        began = time.monotonic()
        async with self._database.transaction() as tx:
            known = await workers.beat(tx, self.id, polled, ticked)
            if not known:
                await workers.enrol(tx, self.id, self._role, __version__)
            dead = await workers.bury(tx, self.id, self._seconds)
            duties = await workers.take(tx, self.id, self._wanted)
            self._others = await workers.number(tx) - 1
        if dead:
            _log.warning("took over from workers that are gone", workers=dead)
        if not known:  # what was in hand may be another's by now: that is looked up before any of it is sent
            for doubt in self._doubts:
                doubt()
        self._seen = began
        if duties != self._duties:
            self._turn(duties)
        async with self._changed:
            self._changed.notify_all()

    def _turn(self, duties: frozenset[Duty]) -> None:
        _log.info("on duty", duties=sorted(duties), worker=self.id)
        self._duties = duties
        self._watch.relieved(listening=Duty.POLL in duties, ticking=Duty.CLOCK in duties)
        for listener in self._listeners:
            listener()

    async def _pass_on(self, tx: Transaction, subjects: Collection[str]) -> None:
        if self.has_others():
            await workers.pass_on(tx, self.id, subjects)


def works_on(database: Database) -> bool | None:
    """Tell whether a bot works on an SQLite file now; None where the lock beside it cannot tell."""
    path = database.engine.url.database
    if database.has_server or not path or path.startswith((":memory:", "file:")):
        return None
    try:
        file = os.open(f"{path}.lock", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(file)
    return False


def _locked(file: int) -> bool:
    with suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _moment(at: float | None) -> datetime | None:
    """Return when it was on the machine's clock, of a moment of the monotonic one."""
    return None if at is None else Clock().now() - timedelta(seconds=time.monotonic() - at)
