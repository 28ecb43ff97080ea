"""The sandbox's mailbox: a mail client finds in it a strict server, and the page every letter that it took."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from email.message import EmailMessage

import aiohttp
import aiosmtplib
import pytest

from bot.sandbox.mailbox import MOST_BYTES, MOST_RECIPIENTS
from bot.sandbox.server import Sandbox

BARE = b"From: a@example.org\r\nDate: Mon, 30 Nov 2026 09:00:00 +0500\r\n"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    sandbox = Sandbox("1000001:token", "network_test_bot", "Test network")
    await sandbox.start()
    yield sandbox
    await sandbox.stop()


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[aiosmtplib.SMTP]:
    port = await sandbox.mailbox.start()
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False, timeout=10)
    await client.connect()
    yield client
    client.close()


async def letters(sandbox: Sandbox) -> list[dict[str, str]]:
    async with aiohttp.ClientSession() as session, session.get(f"{sandbox.url}/sandbox/mails") as answer:
        return list(await answer.json())


def letter(subject: str, text: str, html: str = "") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Network <a@example.org>", "b@example.org", subject
    message["Date"] = "Mon, 30 Nov 2026 09:00:00 +0500"
    message["List-Unsubscribe"] = "<http://127.0.0.1:1/stop/x>"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    return message


async def says(client: aiosmtplib.SMTP, line: str) -> int:
    return (await client.execute_command(line.encode())).code


async def test_a_letter_is_kept_as_it_was_written_and_shown_where_nothing_in_it_runs(
    sandbox: Sandbox, client: aiosmtplib.SMTP
) -> None:
    heard: list[tuple[str, str]] = []
    sandbox.world.watchers.append(lambda kind, body: heard.append((kind, body["subject"])))
    text = ".\n..two dots\nПривет\n"
    page = "<p>Привет <a href='http://127.0.0.1:1/stop/x'>x</a></p><script>alert(1)</script>"
    await client.send_message(letter("Дайджест № 1", text, page), recipients=["b@example.org", "c@example.org"])
    await client.send_message(letter("Plain", "words\n"), recipients=["b@example.org"])

    kept = await letters(sandbox)
    assert [(one["n"], one["to"], one["subject"]) for one in kept] == [
        (1, "b@example.org", "Дайджест № 1"), (2, "c@example.org", "Дайджест № 1"), (3, "b@example.org", "Plain"),
    ]  # fmt: skip
    assert (kept[0]["text"], kept[0]["from"]) == (text, "Network <a@example.org>")
    assert kept[0]["stop"] == "<http://127.0.0.1:1/stop/x>"
    assert heard == [("mail", one["subject"]) for one in kept]
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{sandbox.url}/sandbox/mails/1") as answer:
            rules, shown = answer.headers["Content-Security-Policy"], await answer.text()
        assert answer.content_type == "text/html"
        assert "Привет" in shown
        assert "default-src 'none'" in rules
        assert "sandbox allow-popups" in rules
        assert "allow-scripts" not in rules
        for number in ("3", "4", "x"):
            async with session.get(f"{sandbox.url}/sandbox/mails/{number}") as answer:
                assert answer.status == 404


async def test_commands_are_taken_in_their_order_and_in_their_form_only(client: aiosmtplib.SMTP) -> None:
    for line, code in (
        ("MAIL FROM:<a@example.org>", 503), ("EHLO", 501), ("HELO here", 250), ("EHLO here", 250), ("NOOP", 250),
        ("RCPT TO:<b@example.org>", 503), ("DATA", 503), ("VRFY b", 252), ("STARTTLS", 502), ("AUTH PLAIN x", 502),
        ("HELLO", 500), ("", 500), ("NOOP " + "x" * 600, 500), ("NOOP Привет", 500), ("MAIL FROM:a@example.org", 501),
        (f"MAIL FROM:<a@example.org> SIZE={MOST_BYTES + 1}", 552), ("MAIL FROM:<a@example.org> SMTPUTF8", 555),
        ("MAIL FROM:<a@example.org> SIZE=100", 250), ("mail from:<>", 503), ("RCPT TO:<b>", 501), ("RCPT TO:<>", 501),
        ("RCPT TO:<b@example.org> NOTIFY=NEVER", 555), ("DATA", 503), ("RCPT TO:<b@example.org>", 250),
        ("DATA now", 501), ("RSET", 250), ("RCPT TO:<b@example.org>", 503), ("mail from:<>", 250),
    ):  # fmt: skip
        assert await says(client, line) == code, line
    for n in range(MOST_RECIPIENTS):
        assert await says(client, f"RCPT TO:<b{n}@example.org>") == 250
    assert await says(client, "RCPT TO:<last@example.org>") == 452
    assert await says(client, "QUIT") == 221


async def test_what_is_no_letter_is_refused_and_the_dialogue_goes_on(sandbox: Sandbox, client: aiosmtplib.SMTP) -> None:
    await client.ehlo()
    for text, code in (
        (BARE + b"\r\nline\r\n", 250),
        (b"Subject: no sender, no date\r\n\r\nline\r\n", 554),
        (BARE + b"Date: twice\r\n\r\nline\r\n", 554),
        (BARE + b"\r\n\xd0\x9f\r\n", 554),
        (BARE + b"\r\nbare\nline\r\n", 554),
        (BARE + b"\r\nsmuggled\n.\nMAIL FROM:<x@example.org>\r\n", 554),
        (BARE + b"\r\n" + b"x" * 998 + b"\r\n", 250),
        (BARE + b"\r\n." + b"." + b"x" * 997 + b"\r\n", 250),
        (BARE + b"\r\n" + b"x" * 999 + b"\r\n", 554),
        (BARE + b"\r\n" + b"x" * 200_000 + b"\r\n", 554),
        (BARE + b"\r\n" + (b"x" * 900 + b"\r\n") * 1200, 552),
    ):
        assert await says(client, "MAIL FROM:<a@example.org>") == 250
        assert await says(client, "RCPT TO:<b@example.org>") == 250
        assert await says(client, "DATA") == 354
        assert client.protocol is not None
        client.protocol.write(text + b".\r\n")
        answer = await client.protocol.read_response(timeout=10)
        assert (answer.code, text[-30:]) == (code, text[-30:])
    assert len(await letters(sandbox)) == 3


async def test_who_hangs_up_in_the_midst_of_a_letter_has_sent_none(sandbox: Sandbox, client: aiosmtplib.SMTP) -> None:
    await client.ehlo()
    for line in ("MAIL FROM:<a@example.org>", "RCPT TO:<b@example.org>", "DATA"):
        await says(client, line)
    assert client.transport is not None
    client.transport.write(BARE + b"\r\nhalf a li")
    client.transport.abort()
    again = aiosmtplib.SMTP(hostname="127.0.0.1", port=client.port, start_tls=False, timeout=10)
    async with asyncio.timeout(10), again:
        await again.send_message(letter("Whole", "words\n"))
    assert [one["subject"] for one in await letters(sandbox)] == ["Whole"]
