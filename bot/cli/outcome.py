"""How a command begins and ends: the configuration is read, and every problem is a sentence and exit code 1."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from bot.config import Loaded

ConfigFile = Annotated[Path, typer.Option("--config", help="The configuration file.")]
DEFAULT_CONFIG = Path("config.toml")
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there.")]

T = TypeVar("T")


def load(path: Path) -> Loaded:
    """Read the configuration; name every mistake in it and exit."""
    from bot.config import ConfigError
    from bot.config import load as read

    try:
        return read(path)
    except ConfigError as error:
        fail(error.problems)


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Do the work of a command and return what it found; name its problem and exit."""
    from bot.start import Problem

    try:
        return asyncio.run(work)
    except Problem as problem:
        fail([str(problem)])
    except KeyboardInterrupt:
        raise typer.Abort from None


def fail(problems: list[str]) -> NoReturn:
    """Say what is wrong, without secrets, and exit 1."""
    from bot.logs import redacted

    for problem in problems:
        typer.echo(redacted(problem), err=True)
    raise typer.Exit(1)
