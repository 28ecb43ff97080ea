"""What a restored network must not forget: who was erased since, and that nothing old may leave by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import migrations, pause, privacy
from storage.database import Database
from storage.members import BELONGING
from storage.refusals import Refusal

REASON = "restored from a backup"
_BELONGING = ", ".join(f"'{state}'" for state in BELONGING)


@dataclass(frozen=True)
class Since:
    """What the replaced database knew and its copy does not: members (by number) erased, and gone otherwise."""

    erased: frozenset[int]
    gone: frozenset[int]


@dataclass(frozen=True)
class Restored:
    """How a restore ended.

    `since` is None where the replaced database could not tell; `kept` are members who could not be erased again,
    `aside` is where a damaged database was put.
    """

    held: int
    since: Since | None
    kept: tuple[int, ...] = ()
    aside: str | None = None


async def people_in(connection: AsyncConnection) -> int | None:
    """Return how many people a database knows; None where it has no tables at all."""
    tables = await connection.run_sync(lambda c: set(inspect(c).get_table_names()))
    if not tables:
        return None
    if "member" not in tables:
        return 1  # somebody else's tables: as good a reason not to write over them
    return int((await connection.execute(text("SELECT count(*) FROM member"))).scalar_one())


async def since(copy: AsyncConnection, before: AsyncConnection, schema: str = "") -> Since | None:
    """Compare a copy with the database it replaces (its tables are in `schema`).

    None where the copy was not made of that database: then its numbers mean other people.
    """
    newest = (await copy.execute(text("SELECT id, digest FROM audit ORDER BY id DESC LIMIT 1"))).first()
    same = text(f"SELECT id FROM {schema}audit WHERE id = :id AND digest = :digest")  # noqa: S608 - our own words
    if newest is None or (await before.execute(same, newest._asdict())).first() is None:
        return None
    gone = f"SELECT id FROM {schema}member WHERE state NOT IN ({_BELONGING})"  # noqa: S608 - as above
    here = f"SELECT id FROM member WHERE state IN ({_BELONGING})"  # noqa: S608 - as above
    erased = f"SELECT id FROM {schema}member WHERE state = 'erased'"  # noqa: S608 - as above
    known = await _numbers(copy, "SELECT id FROM member WHERE state <> 'erased'")
    forgotten = await _numbers(before, erased) & known
    return Since(forgotten, (await _numbers(before, gone) & await _numbers(copy, here)) - forgotten)


async def _numbers(connection: AsyncConnection, statement: str) -> frozenset[int]:
    return frozenset(row[0] for row in await connection.execute(text(statement)))


async def settle(database: Database, since: Since | None, now: datetime) -> Restored:
    """Bring a restored database to the newest schema, pause it, and erase again who was erased since."""
    await migrations.upgrade(database)
    async with database.transaction() as tx:
        held = await pause.begin(tx, REASON, now)
    kept = [number for number in sorted(since.erased if since else ()) if not await _erase(database, number, now)]
    return Restored(held, since, tuple(kept))


async def _erase(database: Database, member_id: int, now: datetime) -> bool:
    try:
        async with database.transaction() as tx:
            await privacy.erase(tx, member_id, now)
    except Refusal:  # the last administrator of that time
        return False
    return True
