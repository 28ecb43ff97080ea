"""Running, checking and looking after the bot."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from enum import StrEnum
from typing import Annotated

import typer

from bot.cli.outcome import DEFAULT_CONFIG, AsJson, ConfigFile, fail, finish, load


class Part(StrEnum):
    """Which part of the work a process does."""

    ALL = "all"
    INTAKE = "intake"
    DELIVERY = "delivery"


def run(
    config: ConfigFile = DEFAULT_CONFIG,
    role: Annotated[Part, typer.Option(help="`all` does everything.")] = Part.ALL,
    clock: Annotated[str | None, typer.Option(hidden=True, help="Follow the clock of a sandbox at this URL.")] = None,
) -> None:
    """Run the bot until it is told to stop."""
    from bot import logs
    from bot.application import Bot
    from bot.clock import Clock, FollowedClock

    if role is not Part.ALL:
        fail(["This version runs as one process: --role all."])
    loaded = load(config)
    logs.set_up(loaded.secrets, json=not sys.stderr.isatty())

    async def serve() -> None:
        time = Clock() if clock is None else FollowedClock(clock)
        if isinstance(time, FollowedClock):
            await time.start()
        bot = Bot(loaded, time)
        gc.collect()
        gc.freeze()  # what is loaded stays: looking it through again and again would hold up the loop
        bot.stop_on_signals()
        await bot.run()

    finish(serve())


def demo(port: Annotated[int, typer.Option(help="The page's port on 127.0.0.1.")] = 8080) -> None:
    """Start a local Telegram, the bot and an invented network, and print the address of a chat page."""
    from bot.demo import play

    finish(play(port))


def check(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Check configuration, database, token and the bot's settings; list every problem at once."""
    from bot.doctor import examine

    loaded = load(config)
    problems, remarks = asyncio.run(examine(loaded))
    for remark in remarks:
        typer.echo(remark)
    if problems:
        fail(problems)
    typer.echo("All is well.")


def migrate(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Bring the database to the newest schema."""
    from bot.start import open_database
    from storage import migrations
    from storage.database import Database

    async def work() -> None:
        database = Database(load(config).storage_url)
        try:
            await open_database(database)
        finally:
            await database.close()
        typer.echo(f"The schema is at {migrations.newest()}.")

    finish(work())


def status(
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,  # noqa: FBT002 - a switch
) -> None:
    """Show inbox and outbox by state, the version, and a pause if one stands."""
    from bot import __version__
    from bot.doctor import overview

    found = asyncio.run(overview(load(config)))
    if isinstance(found, str):
        fail([found])
    found["version"] = __version__
    if as_json:
        typer.echo(json.dumps(found))
        return
    for name, value in found.items():
        words = ", ".join(f"{k} {v}" for k, v in value.items()) or "empty" if isinstance(value, dict) else value
        typer.echo(f"{name}: {words}")


def seed(
    config: ConfigFile = DEFAULT_CONFIG,
    members: Annotated[int, typer.Option(help="How many invented members to add.")] = 0,
) -> None:
    """Add the public documents and past events, and invented members for trials."""
    from bot.clock import Clock
    from bot.seed import plant
    from bot.start import naming_trouble, open_database
    from storage.database import Database

    async def work() -> None:
        loaded = load(config)
        database = Database(loaded.storage_url)
        try:
            await open_database(database)
            with naming_trouble(database):
                await plant(database, Clock().now(), invented=members)
        finally:
            await database.close()
        typer.echo("Planted.")

    finish(work())
