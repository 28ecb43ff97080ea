"""Running, checking and looking after the bot."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from typing import Annotated, Literal

import typer

from bot.cli.outcome import DEFAULT_CONFIG, AsJson, ConfigFile, fail, finish, load

Part = Literal["all", "intake", "delivery"]
"""Which part of the work a process does."""


def run(
    config: ConfigFile = DEFAULT_CONFIG,
    role: Annotated[Part, typer.Option(help="`all` does everything; several can share a PostgreSQL database.")] = "all",
    clock: Annotated[str | None, typer.Option(hidden=True, help="Follow the clock of a sandbox at this URL.")] = None,
) -> None:
    """Run the bot until it is told to stop."""
    gc.disable()  # nothing of what is loaded now is garbage: looking through it takes a fifth of the start
    for colours in ("pygments", "rich"):  # libraries load them where they can: 4 MB for what no log shows
        sys.modules[colours] = None  # type: ignore[assignment]
    from bot import logs
    from bot.application import Bot
    from bot.clock import Clock, FollowedClock
    from bot.shift import Role

    loaded = load(config)
    logs.set_up(loaded.secrets, json=not sys.stderr.isatty())

    async def serve() -> None:
        time = Clock() if clock is None else FollowedClock(clock)
        if isinstance(time, FollowedClock):
            await time.start()
        bot = Bot(loaded, time, role=Role(role))
        gc.collect()
        gc.freeze()  # what is loaded stays: looking it through again and again would hold up the loop
        gc.enable()
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
    """Show what waits, which processes work, when they last polled and ticked, alarms, and a pause if one stands."""
    from bot import __version__
    from bot.overview import lines, overview

    found = asyncio.run(overview(load(config)))
    if isinstance(found, str):
        fail([found])
    found["version"] = __version__
    for line in [json.dumps(found)] if as_json else lines(found):
        typer.echo(line)


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
