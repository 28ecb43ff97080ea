"""Backing the network up, restoring it, and letting it speak again."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.outcome import DEFAULT_CONFIG, ConfigFile, Force, fail, finish, load

if TYPE_CHECKING:
    from bot.copies import Restored

File = Annotated[Path, typer.Argument(help="The file of the copy.")]


def backup(file: File, config: ConfigFile = DEFAULT_CONFIG, force: Force = False) -> None:  # noqa: FBT002 - a switch
    """Write a consistent copy of the database, while the bot runs."""
    from bot.copies import back_up

    finish(back_up(load(config), file, force=force))
    typer.echo(f"{file} is a whole copy. It holds names and accounts: keep it as safe as the database.")


def restore(file: File, config: ConfigFile = DEFAULT_CONFIG, force: Force = False) -> None:  # noqa: FBT002 - a switch
    """Replace the database by a copy; the bot then answers people, and nothing else leaves until `resume`."""
    from bot.clock import Clock
    from bot.copies import restore as bring_back

    done = finish(bring_back(load(config), file, Clock().now(), force=force))
    if done.aside is not None:
        typer.echo(f"The damaged database is kept as {done.aside}.")
    for line in _forgotten(done):
        typer.echo(line)
    typer.echo(
        f"Restored, and paused; {done.held} messages that waited then are held. `network-bot resume` sends them,"
    )
    typer.echo("`network-bot resume --discard` ends them unsent: what was promised before may have been sent since.")


def _forgotten(done: Restored) -> list[str]:
    if done.since is None:
        told = "WARNING: this database cannot tell who was erased, blocked or off-boarded after the copy was made:"
        return [f"{told} they are back, and it is for you to do it again."]
    lines = []
    if again := done.since.erased.difference(done.kept):
        lines.append(f"Erased again, as after the copy was made: {_numbered(again)}.")
    if done.kept:
        lines.append(f"WARNING: {_numbered(done.kept)} could not be erased again: the copy has no other administrator.")
    if done.since.gone:
        lines.append(f"WARNING: {_numbered(done.since.gone)} no longer belonged, and do again: look at each of them.")
    return lines


def _numbered(ids: Iterable[int]) -> str:
    return ", ".join(f"M-{number}" for number in sorted(ids))


def resume(
    config: ConfigFile = DEFAULT_CONFIG,
    discard: Annotated[bool, typer.Option("--discard", help="End unsent what is held.")] = False,  # noqa: FBT002
) -> None:
    """End the pause after a restore: what is held is sent, and digests and announcements leave again."""
    from bot.clock import Clock
    from bot.start import opened
    from storage import pause

    async def work() -> int | None:
        async with opened(load(config)) as database, database.transaction() as tx:
            return await pause.lift(tx, Clock().now(), discard=discard)

    released = finish(work())
    if released is None:
        fail(["The network is not paused."])
    typer.echo(f"The network works again; {released} held messages {'end unsent' if discard else 'are sent now'}.")
