"""What must be true before the bot works: a token that Telegram knows, a database of this version, administrators."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from bot.config import Loaded, Network
from bot.transport import NO_ANSWER, Answer, Wire
from handlers.context import Policy
from storage import audit, digests, members, membership, migrations
from storage.applications import Admission
from storage.database import Database, Transaction, cause_of
from storage.digests import Editing
from storage.members import Role
from storage.membership import Step
from storage.refusals import Refusal
from storage.tlp import Label
from storage.trouble import is_damaged

_UNAUTHORIZED = (401, 404)


class Problem(Exception):  # noqa: N818 - it is named to a person, who can do something about it
    """Something the operator asked for and cannot have; the message is one clear sentence."""


class StartError(Problem):
    """The bot cannot start or go on; the message is one clear sentence for the operator."""


async def greet(wire: Wire, api_url: str) -> str:
    """Return the bot's username, as the Bot API tells it.

    Raises:
        StartError: it cannot be reached, does not work, or rejects the token.
    """
    answer = await ask(wire, api_url, "getMe", {})
    if answer.status in _UNAUTHORIZED:
        raise StartError(f"The Bot API at {api_url} rejects the token: check telegram.token.")
    if not answer.ok:
        raise StartError(f"The Bot API at {api_url} does not work: {answer.description}.")
    return str(answer.body["result"]["username"])


@contextmanager
def naming_trouble(database: Database) -> Iterator[None]:
    """Say in one sentence what the database cannot do.

    Raises:
        StartError: in place of what the block raised.
    """
    try:
        yield
    except (DBAPIError, PoolTimeoutError, OSError) as error:
        if is_damaged(error):
            raise StartError(damaged(database, error)) from None
        raise StartError(f"The database {_named(database)} cannot be used: {cause_of(error)}.") from None


def damaged(database: Database, error: BaseException | str) -> str:
    """Return the sentence for a file that is no longer what SQLite wrote."""
    cause = error if isinstance(error, str) else cause_of(error)
    return f"The database {_named(database)} is damaged ({cause}): keep the file, and restore a copy."


def _named(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=True)


def written_by_a_newer(refusal: Refusal) -> str:
    """Return the sentence for a database whose schema this program does not know (`database:newer`)."""
    return f"The database was written by a newer version (schema {refusal.facts['revision']}); update the program."


async def open_database(database: Database) -> None:
    """Bring the database to the newest schema.

    Raises:
        StartError: it cannot be opened or written, is damaged, or a newer version wrote it.
    """
    try:
        with naming_trouble(database):
            if (problem := await database.unsound()) is not None:
                raise StartError(damaged(database, problem))
            await migrations.upgrade(database)
    except Refusal as refusal:
        raise StartError(written_by_a_newer(refusal)) from None


@asynccontextmanager
async def opened(loaded: Loaded) -> AsyncIterator[Database]:
    """Open a database for a command, and leave its schema as it is.

    Raises:
        Problem: it cannot be used, or has another schema than this version.
    """
    database = Database(loaded.storage_url)
    try:
        with naming_trouble(database):
            await _require_newest(database)
            yield database
    except Refusal as refusal:
        if refusal.reason != "database:newer":
            raise
        raise Problem(written_by_a_newer(refusal)) from None
    finally:
        await database.close()


async def _require_newest(database: Database) -> None:
    at = await migrations.revision(database)
    if at != migrations.newest():
        await migrations.check(database)
        raise Problem(f"The schema of the database is at {at or 'nothing'}: run `network-bot migrate` first.")


class Server(Protocol):
    """Something of ours that listens."""

    async def start(self) -> None: ...


async def listen(server: Server, key: str) -> None:
    """Let a server of ours listen where `key` of the configuration says.

    Raises:
        StartError: it cannot, since the port is taken, say.
    """
    try:
        await server.start()
    except OSError as error:
        raise StartError(f"{key}: nobody can listen there: {error.strerror or error}.") from None


async def ask(wire: Wire, api_url: str, method: str, parameters: dict[str, Any]) -> Answer:
    """Call a Bot API method that the start depends on, and wait as long as Telegram asks.

    Raises:
        StartError: it cannot be reached.
    """
    try:
        answer = await wire.call(method, parameters)
        while (seconds := answer.retry_after) is not None:  # asked for too often: a restart, say
            await asyncio.sleep(seconds)
            answer = await wire.call(method, parameters)
    except NO_ANSWER as error:
        raise StartError(f"The Bot API at {api_url} cannot be reached: {type(error).__name__}.") from None
    return answer


async def admit_administrators(database: Database, network: Network, now: datetime) -> None:
    """Make the operator's administrators members with that role; who is one already stays as they are."""
    with naming_trouble(database):
        async with database.transaction() as tx:
            await _admit(tx, network, now)


async def number_issues(database: Database, editing: Editing, now: datetime) -> None:
    """Number the digest's issues before anybody asks for one."""
    with naming_trouble(database):
        async with database.transaction() as tx:
            await digests.ensure(tx, editing, now)


async def _admit(tx: Transaction, network: Network, now: datetime) -> None:
    for telegram_id in network.administrators:
        member = await members.welcome(tx, telegram_id, network.default_language, network.timezone, now)
        if member.state in membership.TRANSITIONS[Step.ADDED].sources:
            member.vouches_from = now  # a network begins with somebody
            await membership.move(tx, member, Step.ADDED, now, by=None)
        if await members.give_role(tx, member.id, Role.ADMINISTRATOR, now):
            event = audit.Event.ROLE_GIVEN
            await audit.record(tx, event, now, actor=None, subject=member.id, role=Role.ADMINISTRATOR.value)


def policy_of(loaded: Loaded, bot_username: str) -> Policy:
    """Return the operator's decisions as handlers see them."""
    settings = loaded.settings
    return Policy(
        network=settings.network.name,
        zone=settings.network.timezone,
        languages=tuple(settings.network.languages),
        default_language=settings.network.default_language,
        max_label=Label(settings.network.max_label),
        admission=Admission(**settings.admission.model_dump()),
        digest_weekday=loaded.digest_weekday,
        digest_time=loaded.digest_time,
        skip_holidays=settings.digest.skip_holidays,
        editing=loaded.editing,
        mail=settings.mail.host is not None,
        mail_url=settings.mail.public_url,
        two_person_above=settings.announcements.two_person_above,
        rate=settings.delivery.messages_per_second,
        paid_rate=settings.delivery.paid_messages_per_second,
        inline=settings.library.inline,
        bot_username=bot_username,
    )
