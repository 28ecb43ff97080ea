"""The overview that `status` gives: what waits, who works, and what is wrong, without changing anything."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy.exc import DBAPIError

from bot.clock import Clock
from bot.config import Loaded
from bot.health import Boxes, counts
from bot.shift import works_on
from bot.start import written_by_a_newer
from storage import alarms, migrations, workers
from storage.database import Database, Transaction, cause_of
from storage.refusals import Refusal
from storage.workers import Living

_HOUR, _MINUTE = 3600, 60


async def overview(loaded: Loaded) -> dict[str, Any] | str:
    """Return schema, boxes, processes and alarms as plain JSON values, or why the database cannot be used."""
    database = Database(loaded.storage_url)
    try:
        await migrations.check(database)
        at = await migrations.revision(database)
        if at is None:
            return {"schema": "none yet", "inbox": {}, "outbox": {}}
        if at != migrations.newest():
            return {"schema": at, **(await counts(database))}
        return {"schema": at, **(await _boxes(database)), **(await _work(database))}
    except Refusal as refusal:
        return written_by_a_newer(refusal)
    except (DBAPIError, OSError) as error:
        return f"The database cannot be used: {cause_of(error)}."
    finally:
        await database.close()


async def _boxes(database: Database) -> dict[str, Any]:
    boxes = await Boxes.of(database, Clock().now())
    due = {lane.name.lower(): _written(since) for lane, since in boxes.due_since.items()}
    found: dict[str, Any] = {**boxes.rows, "oldest": {"inbox": _written(boxes.pending_since), "outbox": due}}
    if boxes.paused is not None:
        found["paused"] = f"since {boxes.paused.since:%Y-%m-%d %H:%M} UTC, {boxes.paused.reason}"
    return found


async def _work(database: Database) -> dict[str, Any]:
    async with database.reading() as tx:
        found = await _living(tx, database)
        standing = await alarms.standing(tx)
    polls = [one.worker.polled_at for one in found if one.worker.polled_at is not None]
    ticked = [one.worker.ticked_at for one in found if one.worker.ticked_at is not None]
    return {
        "running": [_process(one) for one in found],
        "last_poll": _written(max(polls, default=None)),
        "last_tick": _written(max(ticked, default=None)),
        "alarms": [{"kind": alarm.kind.value, "since": _written(alarm.begun_at)} for alarm in standing],
    }


async def _living(tx: Transaction, database: Database) -> list[Living]:
    works = works_on(database)
    return [] if works is False else await workers.living(tx)


def _process(one: Living) -> dict[str, Any]:
    moments = {"started_at": _written(one.worker.started_at), "seen_at": _written(one.worker.seen_at)}
    duties = [duty.value for duty in one.duties]
    return {"role": one.worker.role, "version": one.worker.version, **moments, "duties": duties}


def _written(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")


def lines(found: dict[str, Any]) -> Iterator[str]:
    """Yield an overview as lines that a person reads, ages instead of moments."""
    for name in ("version", "schema"):
        yield f"{name}: {found[name]}"
    for box in ("inbox", "outbox"):
        yield f"{box}: {', '.join(f'{state} {number}' for state, number in found[box].items()) or 'empty'}"
    if "running" not in found:
        return
    outbox = (f"outbox, {lane}: {_ago(since)}" for lane, since in found["oldest"]["outbox"].items() if since)
    inbox = [f"inbox: {_ago(found['oldest']['inbox'])}"] if found["oldest"]["inbox"] else []
    yield f"oldest that waits: {'; '.join([*inbox, *outbox]) or 'nothing waits'}"
    if not found["running"]:
        yield "running: nothing runs"
    for one in found["running"]:
        duties = f", {' and '.join(one['duties'])}" if one["duties"] else ""
        yield f"running: {one['role']} {one['version']}, started {_ago(one['started_at'])}{duties}"
    yield f"last poll: {_ago(found['last_poll'])}"
    yield f"last tick: {_ago(found['last_tick'])}"
    yield from (f"ALARM: {alarm['kind']}, begun {_ago(alarm['since'])}" for alarm in found["alarms"])
    if "paused" in found:
        yield f"paused: {found['paused']}"


def _ago(written: str | None) -> str:
    if written is None:
        return "unknown"
    seconds = max(0, round((Clock().now() - datetime.fromisoformat(written)).total_seconds()))
    if seconds < _MINUTE:
        return f"{seconds} s ago"
    return f"{seconds // _MINUTE} min ago" if seconds < _HOUR else f"{seconds // _HOUR} h ago"
