"""`member`: who belongs, and the operator's way to add people and to give roles when nobody in the chat can."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.cli.outcome import DEFAULT_CONFIG, AsJson, ConfigFile, finish, load

if TYPE_CHECKING:
    from bot.config import Loaded

member = typer.Typer(no_args_is_help=True, help=__doc__)
role = typer.Typer(no_args_is_help=True, help="Give or take a role; the log says that nobody in the network did it.")
member.add_typer(role, name="role")

_LONGEST_NAME = 120
_LONGEST_ORGANISATION = 200


def _role(word: str) -> str:
    from storage.members import Role

    return _one_of(Role, word)


def _state(word: str) -> str:
    from storage.members import MemberState

    return _one_of(MemberState, word)


def _category(word: str) -> str:
    from storage.members import Category

    return _one_of(Category, word)


def _one_of(kind: type[StrEnum], word: str) -> str:
    plain = {one.casefold().replace(" ", "-"): str(one.value) for one in kind}
    found = plain.get(word.casefold().replace(" ", "-").replace("_", "-"))
    if found is None:
        raise typer.BadParameter(f"{word!r} is none of {', '.join(plain)}.")
    return found


def _country(code: str) -> str:
    from babel import Locale

    if code.upper() not in Locale("en").territories or not code.isalpha():
        raise typer.BadParameter(f"{code!r} is no country's code of two letters.")
    return code.upper()


def _name(text: str) -> str:
    return _line(text, _LONGEST_NAME)


def _organisation(text: str) -> str:
    return _line(text, _LONGEST_ORGANISATION)


def _line(text: str, longest: int) -> str:
    found = " ".join(text.split())
    if not found or not found.isprintable() or len(found) > longest:
        raise typer.BadParameter(f"one line of 1 to {longest} characters is needed.")
    return found


TelegramId = Annotated[int, typer.Argument(help="The person's Telegram user id.", min=1, max=2**52 - 1)]
ARole = Annotated[str, typer.Argument(parser=_role, metavar="ROLE", help="As approver or focal-point.")]
Country = Annotated[str | None, typer.Option(parser=_country, metavar="CODE", help="Two letters, as KZ.")]
OrganisationName = Annotated[str | None, typer.Option(parser=_organisation, metavar="NAME")]
TopicCode = Annotated[str | None, typer.Option(metavar="CODE", help="The topic of a moderator.")]


@member.command("list")
def list_members(
    config: ConfigFile = DEFAULT_CONFIG,
    state: Annotated[
        list[str] | None, typer.Option(parser=_state, metavar="STATE", help="Not only who belongs now.")
    ] = None,
    role: Annotated[str | None, typer.Option(parser=_role, metavar="ROLE", help="Only who holds it.")] = None,
    as_json: AsJson = False,  # noqa: FBT002 - a switch
) -> None:
    """List the people who belong, or who are in the states named."""
    from bot.roster import listed
    from bot.start import opened
    from storage.members import BELONGING, MemberState, Role

    states = {MemberState(one) for one in state or ()} or BELONGING

    async def work() -> list[dict[str, Any]]:
        async with opened(load(config)) as database, database.reading() as tx:
            return await listed(tx, states, None if role is None else Role(role))

    found = finish(work())
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
    elif sys.stdout.isatty():
        _draw(found)
    else:
        for line in found:
            typer.echo("\t".join(_cells(line)))


@member.command()
def add(
    telegram_id: Annotated[
        int | None, typer.Argument(help="The person's Telegram user id.", min=1, max=2**52 - 1)
    ] = None,
    *,
    name: Annotated[str, typer.Option(parser=_name, metavar="NAME", help="As members are to read it.")],
    config: ConfigFile = DEFAULT_CONFIG,
    email: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Instead of an id: they get digests by mail, and only these.")
    ] = None,
    language: Annotated[str | None, typer.Option(metavar="CODE", help="What they read, as ru.")] = None,
    organisation: OrganisationName = None,
    country: Country = None,
    category: Annotated[str | None, typer.Option(parser=_category, metavar="CODE")] = None,
    role: Annotated[str | None, typer.Option(parser=_role, metavar="ROLE", help="A role to give at once.")] = None,
) -> None:
    """Make somebody a member without an application: the operator vouches for them.

    Who has no Telegram is named by --email, and is a member once they open the link that is mailed to them.
    """
    from bot import roster
    from bot.clock import Clock
    from bot.start import opened
    from storage.members import Category, Role

    if (telegram_id is None) == (email is None) or (email is not None and role is not None):
        raise typer.BadParameter("either a Telegram id or --email is needed; --role only with the first.")

    async def work() -> int:
        loaded, now = load(config), Clock().now()
        kind = None if category is None else Category(category)
        spoken, zone = _spoken(loaded, language, by_mail=email is not None), loaded.settings.network.timezone
        newcomer = roster.Newcomer(telegram_id, name, organisation, country, kind, spoken, zone, email)
        async with opened(loaded) as database, database.transaction() as tx:
            added = await (roster.add if email is None else roster.invite)(tx, newcomer, now)
            if role is not None and telegram_id is not None:
                where = roster.Reach(country=country if role == Role.FOCAL_POINT else None)
                await roster.give(tx, telegram_id, Role(role), where, roster.Term(), now)
            return added.id

    number = finish(work())
    typer.echo(f"M-{number} is a member now." if email is None else f"M-{number} is invited by mail.")


def _spoken(loaded: Loaded, language: str | None, *, by_mail: bool) -> str:
    from bot.start import Problem

    network = loaded.settings.network
    if by_mail and loaded.settings.mail.host is None:
        raise Problem("mail.host is not set: this network sends no mail.")
    if language is not None and language not in network.languages:
        raise Problem(f"{language!r} is none of the network's languages: {', '.join(network.languages)}.")
    return language or network.default_language


@role.command()
def give(
    telegram_id: TelegramId,
    role: ARole,
    config: ConfigFile = DEFAULT_CONFIG,
    country: Country = None,
    organisation: OrganisationName = None,
    topic: TopicCode = None,
    alternate: Annotated[bool, typer.Option("--alternate", help="The second of a seat.")] = False,  # noqa: FBT002
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day.")] = None,
) -> None:
    """Give a member a role; a focal point's lasts two years where no last day is named."""
    from bot import roster
    from bot.clock import Clock
    from bot.start import opened
    from storage.members import Role

    async def work() -> int:
        loaded, now = load(config), Clock().now()
        term = roster.Term(alternate, roster.end_of(until, loaded.settings.network.timezone, now))
        async with opened(loaded) as database, database.transaction() as tx:
            reach = roster.Reach(country, organisation, topic)
            return (await roster.give(tx, telegram_id, Role(role), reach, term, now)).id

    typer.echo(f"M-{finish(work())} is {role} now.")


@role.command()
def take(
    telegram_id: TelegramId,
    role: ARole,
    config: ConfigFile = DEFAULT_CONFIG,
    country: Country = None,
    organisation: OrganisationName = None,
    topic: TopicCode = None,
) -> None:
    """Take a role from a member; without a place, wherever they hold it."""
    from bot import roster
    from bot.clock import Clock
    from bot.start import opened
    from storage.members import Role

    loaded = load(config)

    async def work() -> int:
        async with opened(loaded) as database, database.transaction() as tx:
            reach = roster.Reach(country, organisation, topic)
            return (await roster.take(tx, telegram_id, Role(role), reach, Clock().now())).id

    typer.echo(f"M-{finish(work())} is no longer {role}.")
    if role == Role.ADMINISTRATOR and telegram_id in loaded.settings.network.administrators:
        typer.echo("network.administrators names them: at its next start the bot gives the role back.", err=True)


_HEADINGS = ("Member", "Telegram id", "Name", "Organisation", "Country", "Category", "State", "Roles")


def _cells(line: dict[str, Any]) -> list[str]:
    facts = [line[key] for key in ("telegram_id", "name", "organisation", "country", "category", "state")]
    facts[0] = "by e-mail" if line["telegram_id"] is None and line["channel"] == "email" else facts[0]
    written = [f"M-{line['id']}", *("–" if fact is None else str(fact) for fact in facts)]
    return [" ".join(cell.split()) for cell in [*written, "; ".join(map(_held, line["roles"])) or "–"]]


def _held(office: dict[str, Any]) -> str:
    reach = office["country"] or office["organisation"] or office["topic"]
    second = ", alternate" if office["alternate"] else ""
    until = f", until {office['until'][:10]}" if office["until"] else ""
    return f"{office['role']}{f' for {reach}' if reach else ''}{second}{until}"


def _draw(found: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*_HEADINGS)
    for line in found:
        table.add_row(*map(Text, _cells(line)))
    Console().print(table)
