"""A mail server on this machine, for the stories of those who get mail: it takes it, or fails as its moods are."""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiohttp
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cast import goes
from story import Person, Stage, free_port

from storage import members
from storage.mail import MailAddress
from storage.members import Channel

PUBLIC = "https://pages.example.org"
SENDER = "Test network <digest@example.org>"
_LINK = re.compile(rf"{PUBLIC}(/[a-z]+/[0-9A-Za-z_-]+)")
_PATIENCE = 15.0


@dataclass
class MailServer:
    """What was sent, to whom; how it treats an address depends on what the address begins with.

    `later`: refused for now the first time; `nobody`: unknown; `rude`: the text is refused; `silent`: it hangs up
    before the text; `mute`: it hangs up after the text, unanswered. Everybody else's mail is taken.
    """

    port: int = field(default_factory=free_port)
    pages: int = field(default_factory=free_port)
    letters: list[EmailMessage] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    sessions: int = 0
    login: tuple[str, str] | None = None
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    def settings(self, **more: Any) -> dict[str, Any]:
        """Return the section of the configuration that leads here."""
        here = {"host": "127.0.0.1", "port": self.port, "security": "none", "sender": SENDER}
        return here | {"public_url": PUBLIC, "listen": f"127.0.0.1:{self.pages}", **more}

    async def receives(self, to: str, number: int = 1) -> EmailMessage:
        """Wait until so many letters have come to an address, and return the newest."""
        async with self._news, asyncio.timeout(_PATIENCE):
            await self._news.wait_for(lambda: len(self.sent(to)) >= number)
        return self.sent(to)[-1]

    async def opens(self, path: str, method: str = "GET", **body: Any) -> tuple[int, str, dict[str, str]]:
        """Open a page of the bot as a browser does; return its status, its text and its headers."""
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, f"http://127.0.0.1:{self.pages}{path}", **body) as answer,
        ):
            return answer.status, await answer.text(), dict(answer.headers)

    def sent(self, to: str) -> list[EmailMessage]:
        return [letter for letter in self.letters if letter["To"] == to]

    def meets(  # what aiosmtpd hands over
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, login: LoginPassword
    ) -> AuthResult:
        """Let in who knows the password."""
        given = (login.login.decode(), login.password.decode())
        return AuthResult(success=given == self.login, handled=False)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.asked[address] += 1
        if address.startswith("later") and self.asked[address] == 1:
            return "451 4.7.1 Come again later"
        if address.startswith("nobody"):
            return f"550 5.1.1 <{address}>: nobody of that name"
        if address.startswith("silent") and self.asked[address] == 1:
            server.transport.abort()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        [to] = envelope.rcpt_tos
        if to.startswith("mute"):
            server.transport.abort()
        if to.startswith("rude"):
            return "554 5.7.1 Not here"
        assert b"\nList-Unsubscribe: =?" not in envelope.content  # mail programs do not decode it
        letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
        async with self._news:
            self.letters.append(letter)
            self._news.notify_all()
        return "250 OK"


@asynccontextmanager
async def mail_server(server: MailServer, **ways: Any) -> AsyncIterator[MailServer]:
    """Let a mail server run until the block ends; `ways` are those of aiosmtpd."""
    loop = asyncio.get_running_loop()

    def meet() -> SMTP:
        server.sessions += 1
        return SMTP(server, hostname="127.0.0.1", ident="test", loop=loop, **ways)

    listening = await loop.create_server(meet, "127.0.0.1", server.port)
    try:
        yield server
    finally:
        listening.close()
        await listening.wait_closed()


async def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Make a certificate of 127.0.0.1 that nobody vouches for; return its file and the server's side of it."""
    key, made = folder / "key.pem", folder / "certificate.pem"
    name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"]
    command = ["openssl", "req", *kind, "-keyout", str(key), "-out", str(made), *name]
    silent = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(*command, stdout=silent, stderr=silent)
    assert await process.wait() == 0
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    return made, context


def plain(letter: EmailMessage) -> str:
    """Return the plain text of a letter, after a look at the other one."""
    text, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert text is not None
    assert html is not None
    markup = html.get_content()
    assert len(markup) < 60_000
    assert not re.search(r"<(img|script|link|iframe)|url\(|src=", markup)
    return str(text.get_content()).replace("\r\n", "\n")


def link(letter: EmailMessage) -> str:
    """Return the path of the first of our pages that a letter leads to."""
    found = _LINK.search(plain(letter))
    assert found is not None
    return found[1]


def stop_of(letter: EmailMessage) -> str:
    """Return the path of the page that stops such letters."""
    return str(letter["List-Unsubscribe"]).strip("<>").removeprefix(PUBLIC)


async def mailed(stage: Stage, telegram_id: int, address: str, channel: Channel = Channel.TELEGRAM) -> int:
    """Let a member have proved an address; return their number. Call it before the bot comes."""
    now = await stage.now()
    async with stage.beside() as database, database.transaction() as tx:
        member = await members.by_telegram(tx, telegram_id)
        assert member is not None
        tx.add(MailAddress(member_id=member.id, address=address, verified_at=now))
        member.channel = channel
        return member.id


async def gives(person: Person, address: str) -> None:
    """Give an address, from the settings on."""
    await person.says("/settings")
    await person.sees("What would you like to change?")
    await goes(person, "Where digests come", "Where should digests reach you?", "not end-to-end encrypted")
    await goes(person, "Give a mail address", "Which mail address")
    await person.says(address)
    await person.sees("A code is on its way to", address, "15 minutes")
