"""Mail: an address is proved, digests come there, one click stops them, and a failing channel offers the other."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cast import administrators, alters, goes
from mail_server import PUBLIC, SENDER, MailServer, certificate, link, mail_server, plain
from sqlalchemy import update
from story import Person, Stage, buttons, network_bot, written

from handlers.language import Html, Say
from handlers.mails import compose
from storage import mail, members, outbox, presence
from storage.database import Database
from storage.mail import MailAddress
from storage.members import Channel, MemberState
from storage.outbox import Lane, OutboxRow, OutboxState, Promise, Settlement
from storage.tlp import Label

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)


@pytest.fixture
async def posts(stage: Stage) -> AsyncIterator[MailServer]:
    """A mail server that the bot of the stage knows."""
    async with mail_server(MailServer()) as server:
        stage.settings["mail"] = server.settings()
        yield server


async def page(server: MailServer, path: str, method: str = "GET", **body: Any) -> tuple[int, str, dict[str, str]]:
    """Open a page of the bot as a browser does."""
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"http://127.0.0.1:{server.pages}{path}", **body) as answer,
    ):
        return answer.status, await answer.text(), dict(answer.headers)


async def gives(person: Person, address: str) -> None:
    """Give an address, from the settings on."""
    await person.says("/settings")
    await person.sees("What would you like to change?")
    await goes(person, "Where digests come", "Where should digests reach you?", "not end-to-end encrypted")
    await goes(person, "Give a mail address", "Which mail address")
    await person.says(address)
    await person.sees("A code is on its way to", address, "15 minutes")


async def proves(person: Person, server: MailServer, address: str, number: int = 1) -> None:
    """Type the code that has come."""
    told = plain(await server.receives(address, number))
    found = re.search(r"\b[0-9]{6}\b", told)
    assert found is not None
    await person.says(f" {found[0][:3]} {found[0][3:]}")
    await person.sees("Thank you: the address is yours", address)


async def mailed(stage: Stage, telegram_id: int, address: str, channel: Channel = Channel.TELEGRAM) -> int:
    """Let a member have proved an address; return their number."""
    async with stage.beside() as database, database.transaction() as tx:
        member = await members.by_telegram(tx, telegram_id)
        assert member is not None
        tx.add(MailAddress(member_id=member.id, address=address, verified_at=datetime.now(UTC)))
        member.channel = channel
        return member.id


async def test_an_address_is_proved_by_a_code_and_chosen_changed_and_deleted(stage: Stage, posts: MailServer) -> None:
    person = await stage.joined(50)
    async with stage.bot():
        await gives(person, "one@example.org")
        letter = await posts.receives("one@example.org")
        assert letter["Subject"] == "[TLP:CLEAR] Test network: your code"
        assert letter["From"] == SENDER
        assert letter["Auto-Submitted"] == "auto-generated"
        assert letter["List-Unsubscribe"] is None
        assert plain(letter).startswith("TLP:CLEAR\n")
        await person.says("12345")
        await person.sees("The code has six digits")
        for left in (4, 3, 2, 1):
            await person.says("000000")
            await person.sees("That is not the code", f"Tries left: {left}", "Which six digits")
        await person.says("000000")
        await person.sees("no try is left")
        await goes(person, "Send a new code", "A code is on its way")
        await proves(person, posts, "one@example.org", 2)
        shown = await person.sees("Your address is")
        assert buttons(shown)[:3] == ["✓ Telegram", "E-mail", "Both"]
        assert "✓ E-mail" in buttons(await goes(person, "E-mail", "Where should digests reach you?"))

        await goes(person, "Change the address", "Which mail address")
        for wrong in ("nobody", "a b@example.org", "имя@example.org", "x@example", "a..b@example.org"):
            await person.says(wrong)
            await person.sees("This is no mail address")
        await person.says("two@example.org")
        await person.sees("A code is on its way", "two@example.org")
        await person.says("/cancel")
        await person.sees("Cancelled")
        await person.says("/settings")
        await goes(person, "Where digests come", "They come in Telegram", "two@example.org")
        assert await stage.rows("SELECT channel FROM member WHERE telegram_id = 50") == [("telegram",)]
        await goes(person, "Send a new code", "No more than 3 codes")
        await person.says("/mydata")
        await person.sees("Everything stored about you")
        await person.says("/settings")
        await goes(person, "Where digests come", "two@example.org")
        await goes(person, "Enter the code", "A code is on its way", "two@example.org")
        await proves(person, posts, "two@example.org")
        await goes(person, "Delete the address", "Delete your mail address?")
        await goes(person, "Delete", "give your address first")

    assert await stage.rows("SELECT * FROM mail_address") == []
    assert await stage.rows("SELECT kind FROM consent") == [("email",)]


async def test_how_a_mail_ends_is_what_the_server_says(stage: Stage, posts: MailServer) -> None:
    stage.settings["delivery"] = {"on_unknown": "hold"}
    stage.settings["mail"]["messages_per_minute"] = 6000
    names = ["good", "later", "nobody", "rude", "silent", "mute"]
    for number, name in enumerate(names, 50):
        await stage.joined(number)
        member = await mailed(stage, number, f"{name}@example.org")
        await stage.promises(Promise(member, mail.TAKE_MAIL, lane=Lane.MAIL))
    await stage.joined(60, language="ru")
    await stage.promises(Promise(len(names) + 1, mail.TAKE_MAIL, lane=Lane.MAIL))
    async with stage.bot():
        letter = await posts.receives("good@example.org")
        while await stage.rows("SELECT 1 FROM outbox WHERE state IN ('queued', 'leased') AND attempts <= 1"):
            await stage.control.post("/clock", advance=1)
            ended = await stage.rows("SELECT count(*) FROM outbox WHERE state NOT IN ('queued', 'leased')")
            if ended[0][0] == len(names) + 1:
                break
        await posts.receives("later@example.org")
        await posts.receives("silent@example.org")
        ended = await stage.settled("lane = 3")

    assert [(state, tries) for state, _, tries in ended] == [
        ("sent", 1), ("sent", 2), ("unreachable", 1), ("rejected", 1), ("sent", 2), ("unknown", 1), ("unreachable", 1),
    ]  # fmt: skip
    assert ended[2][1] == "550 5.1.1 <[address]>: nobody of that name"
    assert ended[6][1] == "no proved address"
    assert await stage.rows("SELECT 1 FROM member WHERE unreachable_since IS NOT NULL") == []
    assert posts.sessions < len(names) + 2
    stop = letter["List-Unsubscribe"]
    assert stop.startswith(f"<{PUBLIC}/stop/1-")
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert stop.strip("<>") in plain(letter)
    assert letter["Message-ID"].endswith("@example.org>")


async def test_mail_is_encrypted_and_its_server_proves_who_it_is(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, tls = await certificate(tmp_path)
    posts = MailServer(login=("digest", "Passw0rd-of-the-box"))
    (tmp_path / "password").write_text("Passw0rd-of-the-box\n")
    stage.settings["mail"] = posts.settings(
        security="starttls", username="digest", password_file=str(tmp_path / "password")
    )
    await stage.joined(1, roles=[members.Role.ADMINISTRATOR])
    number = await mailed(stage, 1, "good@example.org")
    await stage.promises(Promise(number, mail.TAKE_MAIL, lane=Lane.MAIL))
    check = ("check", "--config")
    assert "cannot be used: Error connecting to" in (await network_bot(*check, str(stage.config)))[1]
    ways = {"tls_context": tls, "require_starttls": True, "auth_required": True, "authenticator": posts.meets}
    async with mail_server(posts, **ways):
        code, said = await network_bot(*check, str(stage.config))
        assert (code, "its certificate cannot be verified" in said) == (1, True)
        (tmp_path / "password").write_text("guessed")
        code, said = await network_bot(*check, str(stage.config), SSL_CERT_FILE=str(made))
        assert "the login was refused." in said
        assert "guessed" not in said
        (tmp_path / "password").write_text("Passw0rd-of-the-box\n")
        code, said = await network_bot(*check, str(stage.config), SSL_CERT_FILE=str(made))
        assert "mail server" not in said
        assert posts.letters == []
        async with stage.bot():
            while not await stage.rows("SELECT 1 FROM outbox WHERE reason = 'its certificate cannot be verified'"):
                await stage.control.get("/calls", after=10**9, timeout=0.1)
            monkeypatch.setenv("SSL_CERT_FILE", str(made))
            await stage.control.post("/clock", advance=300)
            await posts.receives("good@example.org")
            await stage.settled("lane = 3")
    stage.settings["mail"] = posts.settings(security="starttls")
    async with mail_server(posts):
        assert (
            "cannot be used: SMTP STARTTLS extension not supported" in (await network_bot(*check, str(stage.config)))[1]
        )


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_mistakes_in_the_section_are_named_together(stage: Stage) -> None:
    stage.settings["mail"] = {"host": "mail.example.org", "username": "digest"}
    stage.settings["network"] = {"timezone": "Mars/Base"}
    code, said = await network_bot("check", "--config", str(stage.config))
    assert code == 1
    assert "mail: sender and public_url are needed where host is set" in said
    assert "network.timezone" in said
    here = {"host": "mail.example.org", "sender": "digest", "public_url": "http://pages.example.org"}
    stage.settings = {"mail": here}
    _, said = await network_bot("check", "--config", str(stage.config))
    assert "mail.sender: 'digest' is no mail address" in said
    assert "mail.public_url: must begin with https://" in said
    fine = MailServer().settings(username="digest")
    stage.settings = {"mail": fine}
    assert "username is needed with password" in (await network_bot("check", "--config", str(stage.config)))[1]
    stage.settings = {"mail": {**fine, "password": "one", "password_file": "other"}}
    assert "only one of password" in (await network_bot("check", "--config", str(stage.config)))[1]
    stage.settings = {"mail": {**fine, "password_file": "nowhere"}}
    assert "mail.password_file: cannot be read" in (await network_bot("check", "--config", str(stage.config)))[1]


async def test_one_click_stops_mails_and_a_forged_link_does_nothing(stage: Stage, posts: MailServer) -> None:
    person = await stage.joined(50, language="ru", zone="Asia/Bishkek")
    number = await mailed(stage, 50, "good@example.org", Channel.EMAIL)
    await stage.promises(Promise(number, mail.TAKE_MAIL, lane=Lane.MAIL))
    channel = "SELECT channel FROM member WHERE telegram_id = 50"
    async with stage.bot():
        letter = await posts.receives("good@example.org")
        assert letter["Subject"] == "[TLP:CLEAR] Test network: дайджесты по почте?"
        stop = letter["List-Unsubscribe"].strip("<>").removeprefix(PUBLIC)
        status, told, headers = await page(posts, stop)
        assert (status, 'lang="ru"' in told, "<form method=" in told) == (200, True, True)
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "Set-Cookie" not in headers
        assert await stage.rows(channel) == [("email",)]

        token = stop.removeprefix("/stop/")
        last = "A" if stop[-1] != "A" else "B"
        other = token.replace("1-", "2-", 1)
        for path in (f"{stop[:-1]}{last}", f"/stop/{other}", f"/take/{token}", "/stop/1-x", "/stop/", "/", "/stop/%00"):
            for method in ("GET", "POST"):
                status, told, _ = await page(posts, path, method)
                assert status == 404
                assert "Эта ссылка" in told
                assert "This link" in told
        assert (await page(posts, stop, "POST", data=b"x" * 5000))[0] == 413
        assert await stage.rows(channel) == [("email",)]
        for _ in range(2):
            status, told, _ = await page(posts, stop, "POST", data={"List-Unsubscribe": "One-Click"})
            assert (status, "Писем больше не будет" in told) == (200, True)
            assert await stage.rows(channel) == [("telegram",)]
        take = link(letter)
        assert (await page(posts, take, "POST"))[0] == 200
        assert await stage.rows(channel) == [("email",)]
        await alters(stage, "UPDATE mail_address SET address = 'other@example.org'")
        assert (await page(posts, stop, "POST"))[0] == 404
        await person.says("/leave")
        await goes(person, "Выйти", "Вы вышли")
        assert (await page(posts, take, "POST"))[0] == 404

    assert await stage.rows("SELECT * FROM mail_address") == []


async def test_who_has_no_telegram_joins_by_mail_and_gets_digests_only(stage: Stage, posts: MailServer) -> None:
    first, _ = await administrators(stage)
    config = ("--config", str(stage.config))
    invited = ("member", "add", "--email", "Gulshat@example.org", "--name", "Gulshat Demo", "--language", "ru", *config)
    country = ("--country", "TM")
    assert await network_bot(*invited, *country) == (0, "M-3 is invited by mail.\n")
    async with stage.bot():
        letter = await posts.receives("Gulshat@example.org")
        assert letter["Subject"] == "[TLP:CLEAR] Test network: ваше приглашение"
        join = link(letter)
        status, told, _ = await page(posts, join)
        assert (status, "Условия сети «Test network»" in told, "Сквозного шифрования" in told) == (200, True, True)
        assert await stage.rows("SELECT state FROM member WHERE id = 3") == [("approved",)]
        for _ in range(2):
            status, told, _ = await page(posts, join, "POST")
            assert (status, "Вы участник сети «Test network»" in told) == (200, True)
        found = await stage.rows("SELECT state, channel, zone, telegram_id, terms_version FROM member WHERE id = 3")
        assert found == [("active", "email", "Asia/Ashgabat", None, "1")]
        assert await stage.rows("SELECT kind, language FROM consent WHERE member_id = 3 ORDER BY id") == [
            ("terms", "ru"), ("email", "ru"),
        ]  # fmt: skip
        assert await stage.rows("SELECT paused FROM digest_schedule WHERE member_id = 3") in ([(0,)], [(False,)])
        stop = join.replace("/join/", "/stop/")
        assert (await page(posts, stop, "POST"))[0] == 404
        await stage.promises(Promise(3, mail.TAKE_MAIL, lane=Lane.MAIL))
        await gives(first, "admin@example.org")  # what is promised beside the bot is seen with the next mail
        offered = await posts.receives("Gulshat@example.org", 2)
        stop = offered["List-Unsubscribe"].strip("<>").removeprefix(PUBLIC)
        assert "Вам больше ничего не присылают" in (await page(posts, stop, "POST"))[1]
        assert await stage.rows("SELECT paused FROM digest_schedule WHERE member_id = 3") in ([(1,)], [(True,)])
        assert (await page(posts, join, "POST"))[0] == 200
        assert await stage.rows("SELECT paused FROM digest_schedule WHERE member_id = 3") in ([(0,)], [(False,)])

        await first.says("/menu")
        await goes(first, "Members", "Those within your reach")
        shown = await goes(first, "Gulshat Demo · by e-mail", "Reached: by e-mail", "Gulshat Demo")
        assert "Gulshat@" not in written(shown)

    assert "Gulshat Demo" in (await network_bot("member", "list", *config))[1]
    assert await network_bot(*invited) == (1, "M-3 gets mail at this address: nothing was changed.\n")
    log = await stage.rows("SELECT event FROM audit WHERE subject_id = 3 ORDER BY id")
    assert [event for (event,) in log] == ["member:invited", "member:added", "terms:accepted"]


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_who_is_invited_and_does_not_answer_is_forgotten(stage: Stage, posts: MailServer) -> None:
    await administrators(stage)
    invited = ("member", "add", "--name", "Gulshat Demo", "--config", str(stage.config), "--email")
    for again in range(2):
        assert await network_bot(*invited, "gulshat@example.org") == (0, "M-3 is invited by mail.\n"), again
    async with stage.bot():
        await posts.receives("gulshat@example.org", 2)
        await stage.settled()
        await stage.control.post("/clock", advance=32 * 86400)
        while await stage.rows("SELECT 1 FROM mail_address"):
            await stage.control.get("/calls", after=10**9, timeout=0.1)

    assert await stage.rows("SELECT name, state FROM member WHERE id = 3") == [(None, "erased")]
    assert (await network_bot(*invited, "no address"))[0] == 1
    del stage.settings["mail"]
    assert stage.config.exists()
    assert "mail.host is not set" in (await network_bot(*invited, "b@example.org"))[1]
    assert (await network_bot("member", "add", "--name", "Nobody", "--config", str(stage.config)))[0] == 2


async def fails(stage: Stage, member: int, lane: Lane, state: OutboxState, at: datetime) -> None:
    """Let a member's digest of a day have ended so, and what follows from that be noted."""
    async with stage.beside() as database, database.transaction() as tx:
        key = f"{member}:{lane}:{at}:{state}"
        await outbox.promise(tx, [Promise(member, "digest:issue", {"digest": 0}, lane=lane, key=key)], at)
        ended = update(OutboxRow).where(OutboxRow.key == key).values(state=state, settled_at=at).returning(OutboxRow)
        row = await tx.scalar(ended)
        assert row is not None
        await mail.noted(tx, row, Settlement(row.id, state), at)


async def offers(stage: Stage) -> list[Any]:
    return await stage.rows("SELECT member_id, notice FROM outbox WHERE notice <> 'digest:issue' ORDER BY id")


async def test_two_weeks_without_a_digest_let_the_other_channel_be_offered_once(
    stage: Stage, posts: MailServer
) -> None:
    now = datetime.now(UTC)
    reader = await stage.joined(50)
    by_mail = await stage.joined(51, "By Mail")
    await stage.joined(52, "Both")
    await stage.joined(53, "Nowhere")
    first = await mailed(stage, 50, "reader@example.org")
    second = await mailed(stage, 51, "mail@example.org", Channel.EMAIL)
    third = await mailed(stage, 52, "both@example.org", Channel.BOTH)
    bulk, letters, gone = Lane.BULK, Lane.MAIL, OutboxState.UNREACHABLE
    weeks = [now - timedelta(days=7 * n) for n in (4, 3, 2, 1)]
    for at, state in zip(weeks, (gone, OutboxState.SENT, gone, OutboxState.EXPIRED), strict=True):
        assert await offers(stage) == []
        for member, lane in ((first, bulk), (second, letters), (third, bulk), (third + 1, bulk)):
            await fails(stage, member, lane, state, at)
        await fails(stage, first, bulk, OutboxState.WITHHELD, at)
    for state in (OutboxState.UNKNOWN, OutboxState.REJECTED):
        await fails(stage, first, bulk, state, now)
    assert await offers(stage) == [(first, "mail:take"), (second, "mail:back")]
    await alters(stage, "UPDATE outbox SET expires_at = NULL, lane = 0 WHERE notice = 'mail:back'")
    await alters(stage, "UPDATE outbox SET expires_at = NULL WHERE notice = 'mail:take'")
    async with stage.bot():
        letter = await posts.receives("reader@example.org")
        status, told, _ = await page(posts, link(letter))
        assert (status, "Telegram has not reached you for a while" in told) == (200, True)
        assert (await page(posts, link(letter), "POST"))[0] == 200
        await by_mail.sees("Two weeks of digests could not be delivered")
        await goes(by_mail, "Get it in Telegram", "Your address is", "mail@example.org")
        await reader.says("/settings")
        assert "✓ E-mail" in buttons(await goes(reader, "Where digests come", "reader@example.org"))
        await goes(reader, "Both", "reader@example.org")

    found = await stage.rows("SELECT channel FROM member WHERE telegram_id IN (50, 51) ORDER BY telegram_id")
    assert found == [("both",), ("telegram",)]


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_a_network_without_mail_says_so(stage: Stage) -> None:
    person = await stage.joined(50)
    async with stage.bot():
        await person.says("/settings")
        shown = await goes(person, "Where digests come", "This network sends no mail")
        assert buttons(shown) == ["Back"]


async def test_who_reads_by_mail_is_not_found_idle(database: Database) -> None:
    long_ago = NOW - timedelta(days=400)
    async with database.transaction() as tx:
        for number, channel in ((50, Channel.EMAIL), (51, Channel.BOTH), (None, Channel.EMAIL)):
            facts = {"language": "en", "zone": "UTC", "created_at": long_ago, "last_seen_at": long_ago}
            tx.add(members.Member(telegram_id=number, channel=channel, state=MemberState.ACTIVE, **facts))
    async with database.transaction() as tx:
        await presence.advance(tx, NOW)
    async with database.reading() as tx:
        found = await members.in_states(tx, list(MemberState))
        assert [m.state.value for m in found] == ["active", "soon idle", "active"]


def test_a_letter_says_the_same_in_both_texts() -> None:
    say = Say("en")
    paragraphs = [
        '<b>New documents</b>\n1. <a href="https://t.me/bot?start=doc_1&amp;x=2">A &lt;paper&gt; &amp; more</a>',
        f'<blockquote>First\nSecond</blockquote>{say.moment(NOW)} <a href="tg://user?id=1">inside</a>',
        "",
        '<a href="https://example.org">https://example.org</a>',
    ]
    made = compose("Digest\r\nBcc: x No. 7", Label.GREEN, paragraphs, say, f"{PUBLIC}/stop/1", Html("Why &amp; how"))
    assert made.subject == "[TLP:GREEN] Digest Bcc: x No. 7"
    assert made.text == (
        "TLP:GREEN\n\nNew documents\n1. A <paper> & more (https://t.me/bot?start=doc_1&x=2)\n\n"
        "> First\n> Second24 Nov 2026, 06:00 inside\n\nhttps://example.org\n\n-- \n\nWhy & how\n\n"
        f"Stop these mails ({PUBLIC}/stop/1)\n"
    )
    assert '<p class="label">TLP:GREEN</p>' in made.html
    assert '<a href="https://t.me/bot?start=doc_1&amp;x=2" rel="noreferrer">A &lt;paper&gt; &amp; more</a>' in made.html
    assert "<blockquote>First<br>\nSecond</blockquote>24 Nov 2026, 06:00 inside" in made.html
    assert (made.label, made.unsubscribe) == (Label.GREEN, True)
    assert compose("x", None, ["y"], say).text == "y\n"
    assert json.dumps(made.html).isascii()
