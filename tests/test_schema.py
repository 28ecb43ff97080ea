"""The schema: up and down on each engine, and equal to the models."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect

from storage import migrations
from storage.database import Base, Database


async def test_the_migrated_schema_equals_the_models(empty_url: str) -> None:
    database = Database(empty_url)
    await migrations.upgrade(database)

    async with database.engine.connect() as connection:
        differences = await connection.run_sync(_differences)
    await database.close()

    assert differences == []


async def test_every_migration_can_be_taken_back(empty_url: str) -> None:
    database = Database(empty_url)
    await migrations.upgrade(database)
    await migrations.downgrade(database)

    async with database.engine.connect() as connection:
        left = await connection.run_sync(lambda c: set(inspect(c).get_table_names()))
    await migrations.upgrade(database)
    at = await migrations.revision(database)
    await database.close()

    assert left == {"alembic_version"}
    assert at == migrations.newest()


def _differences(connection: Connection) -> list[object]:
    # The engines' own search indexes follow a table of ours, and no model speaks of them.
    ours = {"compare_type": True, "include_name": lambda name, *_: not str(name).startswith("document_index")}
    context = MigrationContext.configure(connection, opts=ours)
    return list(compare_metadata(context, Base.metadata))
