"""Bulk: many rows written by one statement, each engine in the way that costs it least."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Dialect, Table, TextClause, text

from storage.database import Transaction

Rows = Sequence[dict[str, Any]]
_MANY = 1000
"""With so many new rows a table is another one, and a server plans badly for what it has not looked at."""


async def insert_many(tx: Transaction, table: Table, rows: Rows, unique: tuple[str, ...]) -> None:
    """Insert rows that have the same columns; one whose `unique` columns are known is left as it is."""
    if not rows:
        return
    connection = tx.link
    if connection.dialect.name == "sqlite":
        names = tuple(rows[0])
        await connection.exec_driver_sql(_insert_one(table, names, unique), _kept(rows, names))
    else:
        statement = _insert(table, tuple(rows[0]), unique, connection.dialect)
        await connection.execute(statement, {"rows": _packed(rows)})
        if len(rows) >= _MANY:  # it would look by itself, but only after a minute
            await connection.exec_driver_sql(f"ANALYZE (SKIP_LOCKED) {table.name}")


async def update_many(tx: Transaction, table: Table, rows: Rows, key: str) -> None:
    """Update rows that have the same columns, each found by its `key`."""
    if not rows:
        return
    connection = tx.link
    if connection.dialect.name == "sqlite":
        names = (*(name for name in rows[0] if name != key), key)
        await connection.exec_driver_sql(_update_one(table, names), _kept(rows, names))
    else:
        statement = _update(table, tuple(rows[0]), key, connection.dialect)
        await connection.execute(statement, {"rows": _packed(rows)})


@cache
def _insert(table: Table, names: tuple[str, ...], unique: tuple[str, ...], dialect: Dialect) -> TextClause:
    into, once = ", ".join(names), ", ".join(unique)
    given = _given(table, names, dialect)
    return text(f"INSERT INTO {table.name} ({into}) SELECT {into} FROM {given} ON CONFLICT ({once}) DO NOTHING")  # noqa: S608 - names of ours


@cache
def _update(table: Table, names: tuple[str, ...], key: str, dialect: Dialect) -> TextClause:
    sets = ", ".join(f"{name} = given.{name}" for name in names if name != key)
    given = _given(table, names, dialect)
    return text(f"UPDATE {table.name} SET {sets} FROM {given} WHERE {table.name}.{key} = given.{key}")  # noqa: S608 - names of ours


def _given(table: Table, names: tuple[str, ...], dialect: Dialect) -> str:
    """Return SQL that reads the one parameter, `rows`, as a table."""
    columns = ", ".join(f"{name} {table.c[name].type.compile(dialect)}" for name in names)
    return f"json_to_recordset(CAST(:rows AS json)) AS given({columns})"


@cache
def _insert_one(table: Table, names: tuple[str, ...], unique: tuple[str, ...]) -> str:
    into, given, once = ", ".join(names), ", ".join("?" * len(names)), ", ".join(unique)
    return f"INSERT INTO {table.name} ({into}) VALUES ({given}) ON CONFLICT ({once}) DO NOTHING"  # noqa: S608 - names of ours


@cache
def _update_one(table: Table, names: tuple[str, ...]) -> str:
    *changed, key = names
    sets = ", ".join(f"{name} = ?" for name in changed)
    return f"UPDATE {table.name} SET {sets} WHERE {key} = ?"  # noqa: S608 - names of ours


def _kept(rows: Rows, names: tuple[str, ...]) -> list[tuple[Any, ...]]:
    """Return rows as SQLite keeps them: what the column types would do, without asking them for each value."""
    written: dict[int, str] = {}

    def as_json(value: Any) -> str:
        """Write what many rows share once."""
        if id(value) not in written:
            written[id(value)] = _encode(value)
        return written[id(value)]

    kept: dict[type[Any], Callable[[Any], Any]] = {datetime: _kept_moment, dict: as_json, list: as_json}
    as_it_is = kept.get
    values = operator.itemgetter(*names)
    return [tuple([v if (keep := as_it_is(type(v))) is None else keep(v) for v in values(row)]) for row in rows]


_encode = json.JSONEncoder(check_circular=False).encode


@lru_cache(1000)  # the rows of one statement share most of their moments
def _kept_moment(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError(f"a datetime without a zone cannot be stored: {value!r}")
    return value.astimezone(UTC).isoformat(" ", "microseconds")[:26]


def _packed(rows: Rows) -> str:
    return json.dumps(rows, default=_written)


def _written(value: datetime) -> str:
    return value.isoformat()
