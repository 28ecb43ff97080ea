"""The command line: one function a command; every problem is a sentence, and the exit code says the rest."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Coroutine
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from bot.config import Loaded

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)

ConfigFile = Annotated[Path, typer.Option("--config", help="The configuration file.")]
DEFAULT_CONFIG = Path("config.toml")


class Part(StrEnum):
    """Which part of the work a process does."""

    ALL = "all"
    INTAKE = "intake"
    DELIVERY = "delivery"


def main() -> None:
    """Run the command line; exit 0 when done, 1 for a problem that is named, 2 for wrong usage."""
    try:
        cli()
    except OSError as error:  # of the output itself, on a full disk, say: everything else is named where it happens
        sys.exit(f"The output cannot be written: {error.strerror or error}.")


@cli.command()
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
        _fail(["This version runs as one process: --role all."])
    loaded = _load(config)
    logs.set_up((loaded.token,), json=not sys.stderr.isatty())

    async def serve() -> None:
        time = Clock() if clock is None else FollowedClock(clock)
        if isinstance(time, FollowedClock):
            await time.start()
        bot = Bot(loaded, time)
        bot.stop_on_signals()
        await bot.run()

    _finish(serve())


@cli.command()
def demo(port: Annotated[int, typer.Option(help="The page's port on 127.0.0.1.")] = 8080) -> None:
    """Start a local Telegram, the bot and an invented network, and print the address of a chat page."""
    from bot.demo import play

    _finish(play(port))


@cli.command()
def check(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Check configuration, database, token and the bot's settings; list every problem at once."""
    from bot.doctor import examine

    loaded = _load(config)
    problems, remarks = asyncio.run(examine(loaded))
    for remark in remarks:
        typer.echo(remark)
    if problems:
        _fail(problems)
    typer.echo("All is well.")


@cli.command()
def migrate(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Bring the database to the newest schema."""
    from bot.start import open_database
    from storage import migrations
    from storage.database import Database

    async def work() -> None:
        database = Database(_load(config).storage_url)
        try:
            await open_database(database)
        finally:
            await database.close()
        typer.echo(f"The schema is at {migrations.newest()}.")

    _finish(work())


@cli.command()
def status(
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,  # noqa: FBT002 - a switch
) -> None:
    """Show inbox and outbox by state and the version."""
    from bot import __version__
    from bot.doctor import overview

    found = asyncio.run(overview(_load(config)))
    if isinstance(found, str):
        _fail([found])
    found["version"] = __version__
    if as_json:
        typer.echo(json.dumps(found))
        return
    for name, value in found.items():
        words = ", ".join(f"{k} {v}" for k, v in value.items()) or "empty" if isinstance(value, dict) else value
        typer.echo(f"{name}: {words}")


@cli.command()
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
        loaded = _load(config)
        database = Database(loaded.storage_url)
        try:
            await open_database(database)
            with naming_trouble(database):
                await plant(database, Clock().now(), invented=members)
        finally:
            await database.close()
        typer.echo("Planted.")

    _finish(work())


def _load(path: Path) -> Loaded:
    from bot.config import ConfigError, load

    try:
        return load(path)
    except ConfigError as error:
        _fail(error.problems)


def _finish(work: Coroutine[Any, Any, None]) -> None:
    from bot.start import StartError

    try:
        asyncio.run(work)
    except StartError as error:
        _fail([str(error)])
    except KeyboardInterrupt:
        raise typer.Abort from None


def _fail(problems: list[str]) -> NoReturn:
    from bot.logs import redacted

    for problem in problems:
        typer.echo(redacted(problem), err=True)
    raise typer.Exit(1)
