"""By mail: what links in mails do, members without Telegram, and the offer of the channel that works."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cast import administrators, alters, goes, runs_with_the_machine
from mail_server import MailServer, gives, link, mailed, stop_of
from sqlalchemy import update
from story import Stage, buttons, network_bot, written

from storage import mail, members, outbox, presence
from storage.database import Database
from storage.members import Channel, MemberState
from storage.outbox import Lane, OutboxRow, OutboxState, Promise, Settlement

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)


async def test_one_click_stops_mails_and_a_forged_link_does_nothing(stage: Stage, posts: MailServer) -> None:
    person = await stage.joined(50, language="ru", zone="Asia/Bishkek")
    number = await mailed(stage, 50, "good@example.org", Channel.EMAIL)
    later = Promise(number, "digest:issue", lane=Lane.MAIL, due_at=await stage.now() + timedelta(days=1))
    await stage.promises(Promise(number, mail.TAKE_MAIL, lane=Lane.MAIL), later)
    channel = "SELECT channel FROM member WHERE telegram_id = 50"
    async with stage.bot():
        letter = await posts.receives("good@example.org")
        assert letter["Subject"] == "[TLP:CLEAR] Test network: дайджесты по почте?"
        stop = stop_of(letter)
        status, told, headers = await posts.opens(stop)
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
                status, told, _ = await posts.opens(path, method)
                assert status == 404
                assert "Эта ссылка" in told
                assert "This link" in told
        assert (await posts.opens(stop, "POST", data=b"x" * 5000))[0] == 413
        assert await stage.rows(channel) == [("email",)]
        for _ in range(2):
            status, told, _ = await posts.opens(stop, "POST", data={"List-Unsubscribe": "One-Click"})
            assert (status, "Писем больше не будет" in told) == (200, True)
            assert await stage.rows(channel) == [("telegram",)]
        assert await stage.rows("SELECT state FROM outbox WHERE notice = 'digest:issue'") == [("withheld",)]
        take = link(letter)
        assert (await posts.opens(take, "POST"))[0] == 200
        assert await stage.rows(channel) == [("email",)]
        await alters(stage, "UPDATE mail_address SET address = 'other@example.org'")
        assert (await posts.opens(stop, "POST"))[0] == 404
        await person.says("/leave")
        await goes(person, "Выйти", "Вы вышли")
        assert (await posts.opens(take, "POST"))[0] == 404

    assert await stage.rows("SELECT * FROM mail_address") == []


async def test_who_has_no_telegram_joins_by_mail_and_gets_digests_only(stage: Stage, posts: MailServer) -> None:
    await runs_with_the_machine(stage)
    first, _ = await administrators(stage)
    config = ("--config", str(stage.config))
    invited = ("member", "add", "--email", "Gulshat@example.org", "--name", "Gulshat Demo", "--language", "ru", *config)
    country = ("--country", "TM")
    assert await network_bot(*invited, *country) == (0, "M-3 is invited by mail.\n")
    async with stage.bot():
        letter = await posts.receives("Gulshat@example.org")
        assert letter["Subject"] == "[TLP:CLEAR] Test network: ваше приглашение"
        join = link(letter)
        status, told, _ = await posts.opens(join)
        assert (status, "Условия сети «Test network»" in told, "Сквозного шифрования" in told) == (200, True, True)
        assert await stage.rows("SELECT state FROM member WHERE id = 3") == [("approved",)]
        for _ in range(2):
            status, told, _ = await posts.opens(join, "POST")
            assert (status, "Вы участник сети «Test network»" in told) == (200, True)
        found = await stage.rows("SELECT state, channel, zone, telegram_id, terms_version FROM member WHERE id = 3")
        assert found == [("active", "email", "Asia/Ashgabat", None, "1")]
        assert await stage.rows("SELECT kind, language FROM consent WHERE member_id = 3 ORDER BY id") == [
            ("terms", "ru"), ("email", "ru"),
        ]  # fmt: skip
        assert await stage.rows("SELECT paused FROM digest_schedule WHERE member_id = 3") in ([(0,)], [(False,)])
        stop = join.replace("/join/", "/stop/")
        assert (await posts.opens(stop, "POST"))[0] == 404
        await stage.promises(Promise(3, mail.TAKE_MAIL, lane=Lane.MAIL))
        await gives(first, "admin@example.org")  # what is promised beside the bot is seen with the next mail
        offered = await posts.receives("Gulshat@example.org", 2)
        stop = stop_of(offered)
        await alters(stage, "UPDATE member SET state = 'suspended' WHERE id = 3")
        assert "Вам больше ничего не присылают" in (await posts.opens(stop, "POST"))[1]
        await alters(stage, "UPDATE member SET state = 'active' WHERE id = 3")
        assert await stage.rows("SELECT paused FROM digest_schedule WHERE member_id = 3") in ([(1,)], [(True,)])
        assert (await posts.opens(join, "POST"))[0] == 200
        assert await stage.rows("SELECT paused FROM digest_schedule WHERE member_id = 3") in ([(0,)], [(False,)])

        await first.says("/menu")
        await goes(first, "Members", "Those within your reach")
        shown = await goes(first, "✉ Gulshat Demo", "Reached: by e-mail", "Gulshat Demo")
        assert "Gulshat@" not in written(shown)

    assert "Gulshat Demo" in (await network_bot("member", "list", *config))[1]
    assert await network_bot(*invited) == (1, "M-3 gets mail at this address: nothing was changed.\n")
    log = await stage.rows("SELECT event FROM audit WHERE subject_id = 3 ORDER BY id")
    assert [event for (event,) in log] == ["member:invited", "member:added", "terms:accepted"]


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
async def test_who_is_invited_and_does_not_answer_is_forgotten(stage: Stage, posts: MailServer) -> None:
    await runs_with_the_machine(stage)
    await administrators(stage)
    invited = ("member", "add", "--name", "Gulshat Demo", "--config", str(stage.config), "--email")
    claims = "INSERT INTO mail_address (member_id, address, tries) VALUES (1, 'gulshat@example.org', 0)"
    await alters(stage, claims)  # it is not theirs, and they have not proved it
    for again in range(2):
        assert await network_bot(*invited, "gulshat@example.org") == (0, "M-3 is invited by mail.\n"), again
    async with stage.bot():
        await posts.receives("gulshat@example.org", 2)
        await stage.settled()
        await stage.control.post("/clock", advance=32 * 86400)
        while await stage.rows("SELECT 1 FROM mail_address WHERE member_id = 3"):
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
    now = await stage.now()
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
        status, told, _ = await posts.opens(link(letter))
        assert (status, "Telegram has not reached you for a while" in told) == (200, True)
        assert (await posts.opens(link(letter), "POST"))[0] == 200
        await by_mail.sees("Two weeks of digests could not be delivered")
        await goes(by_mail, "Get it in Telegram", "Your address is", "mail@example.org")
        await reader.says("/settings")
        assert "✓ E-mail" in buttons(await goes(reader, "Where digests come", "reader@example.org"))
        await goes(reader, "Both", "reader@example.org")

    found = await stage.rows("SELECT channel FROM member WHERE telegram_id IN (50, 51) ORDER BY telegram_id")
    assert found == [("both",), ("telegram",)]


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
