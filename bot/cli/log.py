"""`audit`: whether the log is whole, and a copy of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.outcome import DEFAULT_CONFIG, ConfigFile, Force, fail, finish, load

audit = typer.Typer(no_args_is_help=True, help=__doc__)


class Format(StrEnum):
    """How an exported log is written."""

    JSON = "json"
    CSV = "csv"


@audit.command()
def verify(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Check that no act in the log was changed or taken out; exit 1 with the number of the first that was."""
    from bot.start import opened
    from storage.audit import first_broken, last

    async def work() -> tuple[int | None, str]:
        async with opened(load(config)) as database, database.reading() as tx:
            newest = await last(tx)
            ends = "nothing yet" if newest is None else f"act {newest.id}, {newest.digest}"
            return await first_broken(tx), ends

    broken, ends = finish(work())
    if broken is not None:
        fail([f"The log is broken at act {broken}: it, or what stood before it, was changed."])
    typer.echo(f"The log is whole. It ends with {ends}.")


@audit.command()
def export(
    config: ConfigFile = DEFAULT_CONFIG,
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The first day.")] = None,
    actor: Annotated[int | None, typer.Option(help="The number of the member who acted.", min=1)] = None,
    format_: Annotated[Format, typer.Option("--format", help="JSON has one act a line.")] = Format.JSON,
    output: Annotated[Path | None, typer.Option("--output", help="A file, readable by its owner only.")] = None,
    force: Force = False,  # noqa: FBT002 - a switch
) -> None:
    """Write the log out, oldest act first."""
    from bot import ledger
    from bot.files import beside
    from bot.start import opened

    loaded = load(config)
    wanted = ledger.Wanted(since, actor, loaded.settings.network.timezone)

    async def work() -> None:
        async with opened(loaded) as database, database.reading() as tx:
            if output is None:
                with ledger.printing() as file:
                    await ledger.write(tx, wanted, file, as_csv=format_ is Format.CSV)
                return
            with beside(output, force=force) as part, part.open("w", encoding="utf-8", newline="") as file:
                await ledger.write(tx, wanted, file, as_csv=format_ is Format.CSV)

    finish(work())
