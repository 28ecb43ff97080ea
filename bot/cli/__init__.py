"""The command line: one function a command; every problem is a sentence, and the exit code says the rest."""

from __future__ import annotations

import sys

import typer

from bot.cli import copies, log, people, running

cli = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
for _command in (
    running.run, running.demo, running.check, running.migrate, running.status, running.seed, copies.backup,
    copies.restore, copies.resume,
):  # fmt: skip
    cli.command()(_command)
cli.add_typer(people.member, name="member")
cli.add_typer(log.audit, name="audit")


def main() -> None:
    """Run the command line; exit 0 when done, 1 for a problem that is named, 2 for wrong usage."""
    try:
        cli()
    except OSError as error:  # of the output itself, on a full disk, say: everything else is named where it happens
        sys.exit(f"The output cannot be written: {error.strerror or error}.")
