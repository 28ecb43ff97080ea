"""Migrations only expand: what the version before one uses stays as it was, so that both can run on one database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import BigInteger, Connection, Integer, SmallInteger, String, Text, inspect, text
from sqlalchemy.types import TypeEngine

from storage import migrations
from storage.database import Database

FIRST = "0019"
"""From here on two versions may run at once."""
Key = frozenset[str]


@dataclass(frozen=True)
class Column:
    kind: TypeEngine[Any]
    nullable: bool
    filled: bool
    """Whether the database fills it where nothing is said."""


@dataclass(frozen=True)
class Table:
    """What a program can rely on: columns, and what of them has to be unique, known elsewhere, or as a rule says."""

    columns: Mapping[str, Column]
    uniques: frozenset[Key]
    others: frozenset[Key]


Schema = dict[str, Table]


def schema_of(connection: Connection) -> Schema:
    seen = inspect(connection)
    return {name: _table(seen, name) for name in seen.get_table_names() if not name.startswith("document_index")}


def _table(seen: Any, name: str) -> Table:
    keys = [frozenset(seen.get_pk_constraint(name)["constrained_columns"])]
    columns = {
        c["name"]: Column(
            c["type"], c["nullable"], c.get("default") is not None or (c["name"] == "id" and {"id"} in keys)
        )
        for c in seen.get_columns(name)
    }
    keys += [frozenset(u["column_names"]) for u in seen.get_unique_constraints(name)]
    indexes = [i for i in seen.get_indexes(name) if i["unique"] and None not in i["column_names"]]
    keys += [frozenset(i["column_names"]) for i in indexes]
    foreign = [frozenset(f["constrained_columns"]) for f in seen.get_foreign_keys(name)]
    checks = [frozenset([str(c["sqltext"])]) for c in seen.get_check_constraints(name)]
    return Table(columns, frozenset(keys), frozenset([*foreign, *checks]))


def tightened(before: Schema, after: Schema) -> list[str]:
    """Return what a program of `before` could no longer do with `after`."""
    found = [f"{name} is gone" for name in before.keys() - after.keys()]
    for name in before.keys() & after.keys():
        found += [f"{name}{problem}" for problem in _problems(before[name], after[name])]
    return found


def _problems(old: Table, new: Table) -> Iterable[str]:
    for name, column in new.columns.items():
        if name not in old.columns:
            if not column.nullable and not column.filled:
                yield f".{name} is new and has to be filled"
        elif not _fits(old.columns[name].kind, column.kind):
            yield f".{name} is {column.kind} and was {old.columns[name].kind}"
        elif old.columns[name].nullable and not column.nullable:
            yield f".{name} has to be filled now"
        elif old.columns[name].filled and not column.filled and not column.nullable:
            yield f".{name} is not filled any more"
    yield from (f".{name} is gone" for name in old.columns.keys() - new.columns.keys())
    yield from (f": {set(key)} need not be unique any more" for key in old.uniques - new.uniques)
    yield from (f": {set(key)} has to be unique now" for key in new.uniques - old.uniques)
    yield from (f": {set(key)} is held to a rule now" for key in new.others - old.others if _concerns(key, old))


def _concerns(key: Key, old: Table) -> bool:
    """Tell whether a rule speaks of columns that were there; a check is words, and may speak of any."""
    return bool(key & old.columns.keys()) or any(" " in words for words in key)


def _fits(old: TypeEngine[Any], new: TypeEngine[Any]) -> bool:
    """Tell whether whatever stood in a column of one type stands in one of another."""
    if isinstance(old, String) and isinstance(new, String):
        longest = None if isinstance(new, Text) else new.length
        return longest is None or (old.length is not None and not isinstance(old, Text) and old.length <= longest)
    sizes = (SmallInteger, Integer, BigInteger)
    if isinstance(old, Integer) and isinstance(new, Integer):
        return _size(old, sizes) <= _size(new, sizes)
    return str(old) == str(new)


def _size(kind: TypeEngine[Any], sizes: tuple[type, ...]) -> int:
    return max((n for n, size in enumerate(sizes) if isinstance(kind, size) and size is not Integer), default=1)


async def test_no_migration_takes_away_what_the_version_before_it_uses(empty_url: str) -> None:
    database = Database(empty_url)
    steps = [step for step in sorted(migrations.known()) if step >= FIRST]
    schemas = []
    for step in steps:
        await migrations.upgrade(database, step)
        async with database.engine.connect() as connection:
            schemas.append(await connection.run_sync(schema_of))
    await database.close()
    problems = {step: tightened(*pair) for step, pair in zip(steps[1:], pairwise(schemas), strict=True)}

    assert {step: problem for step, problem in problems.items() if problem} == {}
    assert "0020" in problems


@pytest.mark.parametrize("storage_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ("DROP TABLE pace", "pace is gone"),
        ("ALTER TABLE outbox DROP COLUMN silent", "outbox.silent is gone"),
        ("ALTER TABLE outbox RENAME COLUMN silent TO quiet", "outbox.silent is gone"),
        ("ALTER TABLE outbox ALTER COLUMN reason SET NOT NULL", "outbox.reason has to be filled now"),
        ("ALTER TABLE outbox ADD COLUMN hue text NOT NULL", "outbox.hue is new and has to be filled"),
        ("ALTER TABLE outbox ALTER COLUMN notice TYPE varchar(20)", "outbox.notice is VARCHAR(20) and was VARCHAR(60)"),
        ("ALTER TABLE outbox ALTER COLUMN chat_id TYPE integer", "outbox.chat_id is INTEGER and was BIGINT"),
        ("ALTER TABLE outbox ALTER COLUMN reason TYPE varchar(9)", "outbox.reason is VARCHAR(9) and was TEXT"),
        ("CREATE UNIQUE INDEX u ON outbox (subject)", "outbox: {'subject'} has to be unique now"),
        ("ALTER TABLE outbox DROP CONSTRAINT uq_outbox_key", "outbox: {'key'} need not be unique any more"),
        ("ALTER TABLE outbox ADD CHECK (attempts < 9)", "outbox: {'attempts < 9'} is held to a rule now"),
        (
            "ALTER TABLE outbox ADD FOREIGN KEY (thread_id) REFERENCES member (id)",
            "outbox: {'thread_id'} is held to a rule now",
        ),
        ("ALTER TABLE outbox ADD COLUMN hue text", None),
        ("ALTER TABLE outbox ADD COLUMN hue text NOT NULL DEFAULT ''", None),
        ("ALTER TABLE outbox ALTER COLUMN notice TYPE text", None),
        ("ALTER TABLE member ALTER COLUMN language TYPE varchar(99)", None),
        ("CREATE INDEX i ON outbox (subject, due_at)", None),
        ("CREATE TABLE hue (id int PRIMARY KEY, member_id int REFERENCES member (id))", None),
    ],
)
async def test_what_tightens_is_seen_and_what_expands_is_not(
    database: Database, change: str, problem: str | None
) -> None:
    async with database.engine.connect() as connection:
        before = await connection.run_sync(schema_of)
        await connection.execute(text(change))
        after = await connection.run_sync(schema_of)
        await connection.rollback()

    assert [words for words in tightened(before, after) if words != "outbox.quiet is new and has to be filled"] == (
        [] if problem is None else [problem]
    )
