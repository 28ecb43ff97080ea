"""Sending: one mail to the operator's mail server, over one connection that is kept while there is work."""

from __future__ import annotations

import asyncio
import hashlib
import re
import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, formataddr, parseaddr
from typing import Any

import aiosmtplib
from aiosmtplib import (
    SMTPAuthenticationError,
    SMTPConnectError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
)

from bot.config import Mail as MailSettings
from bot.delivery.outcome import Kind, Outcome
from bot.logs import log, redacted
from bot.mail.letters import Sealed

PATIENCE = 30.0
"""Seconds that the mail server has for each answer."""
IDLE = 20.0
"""Seconds after the last mail until the connection is closed."""

_REFUSED, _GO_ON, _DONE = 500, 354, 2
_LONGEST_REASON = 300
_UNSUBSCRIBE = "List-Unsubscribe"
_LINE_STARTS_WITH_DOT = re.compile(rb"(?m)^\.")

_log = log("bot.mail")

FAILURES = (SMTPException, OSError, TimeoutError, ssl.CertificateError)
"""What a connection to a mail server fails with."""


class _Form(EmailPolicy):
    """How letters are written: an address in a header stays whole, which Python would encode where it is long."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name == _UNSUBSCRIBE:
            return f"{name}: {value}\r\n".encode()
        return super().fold_binary(name, value)


_FORM = _Form(linesep="\r\n", cte_type="7bit")  # every server on the way carries that


class Postman:
    """Hands mails to the server that the operator named. Only one is on its way at any moment."""

    def __init__(self, settings: MailSettings, password: str | None, network: str, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._password = password
        name, self.sender = parseaddr(settings.sender or "")
        self._from = formataddr((name or network, self.sender))
        self._now = now
        self._connection: aiosmtplib.SMTP | None = None
        self._trouble: str | None = None
        self._busy = asyncio.Lock()
        self._idle: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()

    async def send(self, sealed: Sealed) -> Outcome:
        """Send one mail and return how it ended; never raises for what the server or the network does."""
        async with self._busy:
            self._stay()
            try:
                connection = await self._connected()
            except FAILURES as error:
                await self._drop()
                return Outcome(Kind.RETRY, self._noted(trouble(error)))
            self._trouble = None
            try:
                return await self._hand_over(connection, sealed)
            except asyncio.CancelledError:  # in the midst of a dialogue: nobody could go on from there
                await self._drop()
                raise
            finally:
                self._close_soon()

    async def connect(self) -> aiosmtplib.SMTP:
        """Open a connection: encrypted as the operator said, the certificate verified, logged in where they said so.

        Raises:
            FAILURES: there is none.
        """
        settings = self._settings
        connection = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            tls_context=None if settings.security == "none" else ssl.create_default_context(),
            local_hostname=self.sender.rpartition("@")[2] or None,
            timeout=PATIENCE,
        )
        try:
            await connection.connect()
            if settings.username is not None:
                await connection.login(settings.username, self._password or "")
            await connection.rset()
        except BaseException:
            connection.close()
            raise
        return connection

    async def close(self) -> None:
        """Take leave of the server."""
        self._stay()
        async with self._busy:
            await self._drop(politely=True)

    async def _connected(self) -> aiosmtplib.SMTP:
        if self._connection is not None:
            try:
                await self._connection.rset()
            except FAILURES:  # it was closed while there was nothing to do
                await self._drop()
        if self._connection is None:
            self._connection = await self.connect()
        return self._connection

    def _noted(self, problem: str) -> str:
        """Say loudly, and once, what keeps mail from leaving."""
        if problem != self._trouble:
            _log.error("the mail server cannot be used", problem=problem)
        self._trouble = problem
        return problem

    async def _hand_over(self, connection: aiosmtplib.SMTP, sealed: Sealed) -> Outcome:
        """Go through the dialogue of RFC 5321; until the server asks for the text, nothing can have been sent."""
        wire = _LINE_STARTS_WITH_DOT.sub(b"..", self.message(sealed).as_bytes())
        try:
            await connection.mail(self.sender)
            await connection.rcpt(sealed.address)
            answer = await connection.execute_command(b"DATA")
        except SMTPResponseException as error:
            return _refused(error.code, error.message, at_recipient=isinstance(error, SMTPRecipientRefused))
        except FAILURES as error:
            await self._drop()
            return Outcome(Kind.RETRY, trouble(error))
        if answer.code != _GO_ON:
            return _refused(answer.code, answer.message)
        return await self._say(connection, wire)

    async def _say(self, connection: aiosmtplib.SMTP, wire: bytes) -> Outcome:
        """Say the text; who is not answered cannot know whether it was taken."""
        try:
            protocol = connection.protocol
            if protocol is None:
                raise SMTPConnectError("the connection was lost")
            protocol.write(wire.rstrip(b"\r\n") + b"\r\n.\r\n")
            answer = await protocol.read_response(timeout=PATIENCE)
        except FAILURES as error:
            await self._drop()
            return Outcome(Kind.UNKNOWN, trouble(error))
        if answer.code // 100 == _DONE:
            return Outcome(Kind.SENT)
        return _refused(answer.code, answer.message)

    def message(self, sealed: Sealed) -> EmailMessage:
        """Return a mail as it is sent: the same row has the same Message-ID whenever it is sent."""
        written, message = sealed.mail, EmailMessage(policy=_FORM)
        named = hashlib.sha256(f"{sealed.row.id}|{sealed.row.created_at.isoformat()}".encode()).hexdigest()[:32]
        message["From"], message["To"] = self._from, sealed.address
        message["Subject"] = written.subject
        message["Date"] = format_datetime(self._now())
        message["Message-ID"] = f"<{named}@{self.sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834
        if sealed.stop_url is not None:
            message["Precedence"] = "bulk"
            message[_UNSUBSCRIBE] = f"<{sealed.stop_url}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
        message.set_content(written.text)
        message.add_alternative(written.html, subtype="html")
        return message

    async def _drop(self, *, politely: bool = False) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if politely:
            with suppress(*FAILURES):
                await connection.quit(timeout=1)
        connection.close()

    def _stay(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None

    def _close_soon(self) -> None:
        self._idle = asyncio.get_running_loop().call_later(IDLE, self._close_now)

    def _close_now(self) -> None:
        task = asyncio.ensure_future(self.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def _refused(code: int, told: str, *, at_recipient: bool = False) -> Outcome:
    reason = redacted(f"{code} {' '.join(told.split())}")[:_LONGEST_REASON]
    if code < _REFUSED:
        return Outcome(Kind.RETRY, reason)
    return Outcome(Kind.UNREACHABLE if at_recipient else Kind.REJECTED, reason)


def trouble(error: BaseException) -> str:
    """Return what a connection failed with, without addresses and without anything that was sent."""
    if isinstance(error, SMTPAuthenticationError):
        return "the login was refused"
    if _is_certificate(error):
        return "its certificate cannot be verified"
    if not isinstance(error, SMTPException):
        return type(error).__name__
    code = f"{error.code} " if isinstance(error, SMTPResponseException) else ""
    return redacted(f"{code}{' '.join(error.message.split())}".rstrip("."))[:_LONGEST_REASON]


def _is_certificate(error: BaseException | None) -> bool:
    return error is not None and (isinstance(error, ssl.SSLError) or _is_certificate(error.__cause__))
