"""The mailbox: a mail server on this machine that takes letters to anybody, and refuses what a real one refuses."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import suppress
from email import message_from_bytes

MOST_BYTES, MOST_RECIPIENTS = 1_000_000, 100
PATIENCE = 300.0
"""Seconds that a client has for each line (RFC 5321 §4.5.3.2.7)."""

_COMMAND, _LINE = 510, 998
"""How long lines may be, without their ends (RFC 5321 §4.5.3.1)."""
_HEADERS = ("From", "Date")
"""What stands once in every letter (RFC 5322 §3.6)."""
_BOX = r"<([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,255})>"
_SENDER = re.compile(rf"FROM:(?:<>|{_BOX})((?: \S+)*)", re.IGNORECASE)
_RECIPIENT = re.compile(rf"TO:{_BOX}((?: \S+)*)", re.IGNORECASE)
_SIZE = re.compile(r"(?: SIZE=(\d{1,20}))?", re.IGNORECASE)
_UNOFFERED = dict.fromkeys(("AUTH", "EXPN", "HELP", "STARTTLS"), "502 Not offered")
_ANSWERS = {"RSET": "250 OK", "NOOP": "250 OK", "QUIT": "221 Goodbye", "VRFY": "252 Send, and see", **_UNOFFERED}

Keep = Callable[[str, bytes], None]
"""Takes a whole letter that was sent to an address."""


class Mailbox:
    """A mail server on 127.0.0.1; what it takes goes to `keep`, once for each recipient."""

    def __init__(self, keep: Keep) -> None:
        self._keep = keep
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        """Listen on a free port, and return it."""
        self._server = await asyncio.start_server(self._meet, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    def stop(self) -> None:
        """Let nobody in any more."""
        if self._server is not None:
            self._server.close()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, TimeoutError, asyncio.IncompleteReadError):
            await Dialogue(reader, writer, self._keep).hold()
        writer.close()


class Dialogue:
    """One connection: RFC 5321 with no extension but SIZE (RFC 1870), so that every letter comes in seven bits."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, keep: Keep) -> None:
        self._reader, self._writer, self._keep = reader, writer, keep
        self._greeted = self._begun = False
        self._recipients: list[str] = []

    async def hold(self) -> None:
        """Answer until the client takes its leave."""
        await self._say("220 127.0.0.1 ESMTP")
        name = ""
        while name != "QUIT":
            line = await self._line(_COMMAND)
            name, _, rest = (line or b"").decode("ascii").partition(" ")
            name = name.upper()
            await self._say("500 Not such a line" if line is None else await self._answer(name, rest.rstrip()))

    async def _say(self, answer: str) -> None:
        self._writer.write(f"{answer}\r\n".encode())
        await self._writer.drain()

    async def _answer(self, name: str, rest: str) -> str:
        if name == "DATA":
            return "501 DATA says no more" if rest else await self._data()
        if name in ("EHLO", "HELO"):
            return self._hello(name, rest)
        asked = {"MAIL": self._mail, "RCPT": self._rcpt}
        return asked[name](rest) if name in asked else self._said(name)

    def _said(self, name: str) -> str:
        if name == "RSET":
            self._reset()
        return _ANSWERS.get(name, "500 No such command")

    def _hello(self, name: str, rest: str) -> str:
        if not rest:
            return "501 Who is there?"
        self._reset()
        self._greeted = True
        return f"250-127.0.0.1\r\n250 SIZE {MOST_BYTES}" if name == "EHLO" else "250 127.0.0.1"

    def _reset(self) -> None:
        self._begun, self._recipients = False, []

    def _mail(self, rest: str) -> str:
        found = _SENDER.fullmatch(rest)
        if not self._greeted or self._begun:
            return "503 Not now"
        if found is None:
            return "501 No such sender"
        size = _SIZE.fullmatch(found[2])
        if size is None or int(size[1] or 0) > MOST_BYTES:
            return "555 No such parameter" if size is None else "552 Too large"
        self._begun = True
        return "250 OK"

    def _rcpt(self, rest: str) -> str:
        found = _RECIPIENT.fullmatch(rest)
        if not self._begun:
            return "503 From whom?"
        if found is None or found[2]:
            return "501 No such recipient" if found is None else "555 No such parameter"
        if len(self._recipients) >= MOST_RECIPIENTS:
            return "452 Too many recipients"
        self._recipients.append(found[1])
        return "250 OK"

    async def _data(self) -> str:
        if not self._recipients:
            return "503 To whom?"
        await self._say("354 Go on")
        letter, whole = bytearray(), True
        while (line := await self._line(_LINE + 1)) != b".":
            said = (line or b"").removeprefix(b".")
            whole = whole and line is not None and len(said) <= _LINE
            if len(letter) <= MOST_BYTES:  # more is heard, and not kept
                letter += said + b"\r\n"
        return self._take(bytes(letter), whole=whole)

    def _take(self, letter: bytes, *, whole: bool) -> str:
        recipients = self._recipients
        self._reset()
        if len(letter) > MOST_BYTES:
            return "552 Too large"
        read = message_from_bytes(letter)
        if not whole or any(len(read.get_all(name, [])) != 1 for name in _HEADERS):
            return "554 That is no letter"
        for recipient in recipients:
            self._keep(recipient, letter)
        return "250 OK"

    async def _line(self, longest: int) -> bytes | None:
        """Return the next line without its end; None where it is too long, has eight bits, or another end inside."""
        fits = True
        while True:
            try:
                async with asyncio.timeout(PATIENCE):
                    line = (await self._reader.readuntil(b"\r\n"))[:-2]
                break
            except asyncio.LimitOverrunError as error:
                await self._reader.readexactly(error.consumed)
                fits = False
        proper = line.isascii() and not any(sign in line for sign in b"\r\n\0")
        return line if fits and proper and len(line) <= longest else None
