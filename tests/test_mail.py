"""Mail: an address is proved, a letter is sent as its server wants it, and says the same in both texts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cast import goes
from mail_server import PUBLIC, SENDER, MailServer, certificate, gives, mail_server, mailed, plain
from sqlalchemy import select
from story import Person, Stage, buttons, network_bot

from bot.config import ConfigError, load
from bot.delivery.rendering import Kept
from bot.mail.checking import mail_problems
from bot.mail.letters import Letters
from bot.start import policy_of
from handlers.context import Policy
from handlers.feature import Notice
from handlers.language import Html, Say
from handlers.mails import Mail, compose
from handlers.screens import Screen
from storage import mail
from storage.access import Viewer
from storage.database import Transaction
from storage.members import MemberState
from storage.outbox import Facts, Lane, OutboxRow, Promise
from storage.tlp import Label

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)


async def proves(person: Person, server: MailServer, address: str, number: int = 1) -> None:
    """Type the code that has come."""
    told = plain(await server.receives(address, number))
    found = re.search(r"\b[0-9]{6}\b", told)
    assert found is not None
    await person.says(f" {found[0][:3]} {found[0][3:]}")
    await person.sees("Thank you: the address is yours", address)


async def copied(person: Person) -> dict[str, Any]:
    """Return everything that is stored about somebody, as they get it."""
    await person.says("/mydata")
    message = await person.sees("Everything stored about you")
    path = f"{person.control.url}/sandbox/files/{message['document']['file_id']}"
    async with person.control._session.get(path) as answer:
        return dict(json.loads(await answer.read()))


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
        [stored] = (await copied(person))["mail_address"]
        assert stored["address"] == "two@example.org"
        assert "code" not in stored  # six digits are soon found by their hash
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


async def trouble_with(stage: Stage) -> str:
    """Return what `check` finds wrong with the mail server."""
    return " ".join(await mail_problems(load(stage.config)))


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_mail_is_encrypted_and_its_server_proves_who_it_is(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, tls = await certificate(tmp_path)
    posts = MailServer(login=("digest", "Passw0rd-of-the-box"))
    (tmp_path / "password").write_text("Passw0rd-of-the-box\n")
    stage.settings["mail"] = posts.settings(
        security="starttls", username="digest", password_file=str(tmp_path / "password")
    )
    person = await stage.joined(50)
    number = await mailed(stage, 50, "good@example.org")
    await stage.promises(Promise(number, mail.TAKE_MAIL, lane=Lane.MAIL))
    assert "cannot be used: Error connecting to" in await trouble_with(stage)
    ways = {"tls_context": tls, "require_starttls": True, "auth_required": True, "authenticator": posts.meets}
    async with mail_server(posts, **ways):
        code, said = await network_bot("check", "--config", str(stage.config))
        assert (code, "its certificate cannot be verified" in said) == (1, True)
        monkeypatch.setenv("SSL_CERT_FILE", str(made))
        assert await trouble_with(stage) == ""
        (tmp_path / "password").write_text("guessed")
        assert "the login was refused." in await trouble_with(stage)
        monkeypatch.delenv("SSL_CERT_FILE")
        (tmp_path / "password").write_text("Passw0rd-of-the-box\n")
        assert posts.letters == []
        async with stage.bot():
            while not await stage.rows("SELECT 1 FROM outbox WHERE reason = 'its certificate cannot be verified'"):
                await stage.control.get("/calls", after=10**9, timeout=0.1)
            monkeypatch.setenv("SSL_CERT_FILE", str(made))
            await stage.control.post("/clock", advance=300)
            await person.says("/settings")
            await goes(person, "Where digests come", "good@example.org")
            await goes(person, "Change the address", "Which mail address")
            await person.says("good@example.org")  # what is promised now is no reason to wait any longer
            await posts.receives("good@example.org", 2)
            await stage.settled("lane = 3")
    stage.settings["mail"] = posts.settings(security="starttls")
    async with mail_server(posts):
        assert "cannot be used: SMTP STARTTLS extension not supported" in await trouble_with(stage)


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_mistakes_in_the_section_are_named_together(stage: Stage) -> None:
    stage.settings["mail"] = {"host": "mail.example.org", "username": "digest"}
    stage.settings["network"] = {"timezone": "Mars/Base"}
    code, said = await network_bot("check", "--config", str(stage.config))
    assert code == 1
    assert "mail: sender and public_url are needed where host is set" in said
    assert "network.timezone" in said
    fine = MailServer().settings(username="digest")
    mistakes: list[tuple[dict[str, Any], str]] = [
        ({**fine, "sender": "digest", "password": "x"}, "mail.sender: 'digest' is no mail address"),
        ({**fine, "public_url": "http://x.example.org"}, "mail.public_url: must begin with https://"),
        (fine, "username is needed with password"),
        ({**fine, "password": "one", "password_file": "other"}, "only one of password"),
        ({**fine, "password_file": "nowhere"}, "mail.password_file: cannot be read"),
    ]
    for section, problem in mistakes:
        stage.settings = {"mail": section}
        with pytest.raises(ConfigError, match=re.escape(problem)):
            load(stage.config)


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_a_network_without_mail_says_so(stage: Stage) -> None:
    person = await stage.joined(50)
    async with stage.bot():
        await person.says("/settings")
        shown = await goes(person, "Where digests come", "This network sends no mail")
        assert buttons(shown) == ["Back"]


async def _everybody(_tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Label]:
    return {viewer.id: Label(facts["label"]) for viewer in viewers}


def _marked(label: Label, say: Say, _policy: Policy, stop_url: str | None) -> Mail:
    return compose("Marked", label, ["It"], say, stop_url)


def _screen(_label: Label, _say: Say, _policy: Policy) -> Screen:
    return Screen("It")


async def test_only_clear_and_green_leave_by_mail_and_only_for_who_belongs(stage: Stage) -> None:
    await stage.joined(50)
    await stage.joined(51, state=MemberState.SUSPENDED)
    found = [await mailed(stage, number, f"{number}@example.org") for number in (50, 51)]
    labels = [(found[0], label) for label in Label] + [(found[1], Label.CLEAR)]
    facts = [Promise(member, "marked", {"label": label}, lane=Lane.MAIL) for member, label in labels]
    await stage.promises(*facts, Promise(found[0], "unmailed", {"label": "TLP:CLEAR"}, lane=Lane.MAIL))
    notices = {
        "marked": Notice("marked", _screen, _everybody, mail=_marked),
        "unmailed": Notice("unmailed", _screen, _everybody),
    }
    async with stage.beside() as database:
        async with database.transaction() as tx:
            await mail.draw(tx)
            rows = list(await tx.scalars(select(OutboxRow).order_by(OutboxRow.id)))
        made = await Letters(database, notices, policy_of(load(stage.config), "bot")).letters(rows)
    kept = {one.row.id: one.reason for one in made if isinstance(one, Kept)}
    too_high = "its label does not let it go by mail"
    others = {6: "no longer concerns or no longer permitted", 7: "never goes by mail"}
    assert kept == dict.fromkeys((3, 4, 5), too_high) | others


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
    assert '<div class="label">TLP:GREEN</div>' in made.html
    assert '<a href="https://t.me/bot?start=doc_1&amp;x=2" rel="noreferrer">A &lt;paper&gt; &amp; more</a>' in made.html
    assert "<blockquote>First<br>\nSecond</blockquote>24 Nov 2026, 06:00 inside" in made.html
    assert (made.label, made.unsubscribe) == (Label.GREEN, True)
    assert compose("x", None, ["y"], say).text == "y\n"
    assert json.dumps(made.html).isascii()
