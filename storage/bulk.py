"""Bulk: many rows written by one statement, each engine in the way that costs it least."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Dialect, Table, TextClause, bindparam, text, update
from sqlalchemy.sql.dml import Update

from storage.database import Transaction, insert

Rows = Sequence[dict[str, Any]]


async def insert_many(tx: Transaction, table: Table, rows: Rows, unique: tuple[str, ...]) -> None:
    """Insert rows that have the same columns; one whose `unique` columns are known is left as it is."""
    if not rows:
        return
    connection = await tx.connection()
    if connection.dialect.name == "sqlite":
        await connection.execute(insert(tx, table).on_conflict_do_nothing(index_elements=unique), rows)
    else:
        statement = _insert(table, tuple(rows[0]), unique, connection.dialect)
        await connection.execute(statement, {"rows": _packed(rows)})


async def update_many(tx: Transaction, table: Table, rows: Rows, key: str) -> None:
    """Update rows that have the same columns, each found by its `key`."""
    if not rows:
        return
    connection = await tx.connection()
    if connection.dialect.name == "sqlite":
        # A parameter of an UPDATE may not be called like a column.
        named = [{f"to_{name}": value for name, value in row.items()} for row in rows]
        await connection.execute(_update_one(table, tuple(rows[0]), key), named)
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
def _update_one(table: Table, names: tuple[str, ...], key: str) -> Update:
    changed: dict[str, Any] = {name: bindparam(f"to_{name}") for name in names if name != key}
    return update(table).where(table.c[key] == bindparam(f"to_{key}")).values(changed)


def _packed(rows: Rows) -> str:
    return json.dumps(rows, default=_written)


def _written(value: datetime) -> str:
    return value.isoformat()
