"""Moderation: reports hide a post until somebody decides, in place, once, and everybody learns what concerns them."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
from cast import MEDIA, alters, goes
from cast import forges as presses
from gatherings import forum, inside, own_group, threads
from moderators import Cast, everybody, forges, holds, recorded, reports, speaks
from record import comes, goes_on, written_in
from sqlalchemy import select
from story import Person, Stage, buttons, written

from handlers.moderation.card import Keep, OpenReview
from handlers.moderation.reporting import Because
from handlers.posts.reading import OpenPost
from handlers.presses import Report
from storage import access, members, moderation, mutes, privacy
from storage.database import Database
from storage.members import MemberState
from storage.moderation import Breach, BreachState, Reason, due
from storage.mutes import Mute

SQLITE = pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)


async def removes(moderator: Person, reason: str, consequence: str) -> None:
    """Remove a reported post from its card."""
    await goes(moderator, "Remove it", "Why is the post removed?")
    await goes(moderator, reason.capitalize(), "What follows for the author?")
    await goes(moderator, consequence, "Removed by", reason)


async def test_two_reports_hide_a_post_and_a_moderator_puts_it_back(stage: Stage) -> None:
    cast = await everybody(stage)
    async with stage.bot():
        group, thread, said = await speaks(stage, cast, "A sharp <word>", cast.reader)
        await cast.follower.sees("TLP:GREEN", "A sharp <word>")
        await goes(cast.follower, "Report", "Why do you report this post?", "nobody is told")
        await goes(cast.follower, "An insult", "Thank you, the moderators see it")
        card = await cast.lead.sees(
            "TLP:GREEN", "Reported post", "Saltanat Demo", "Reported by 1 member: an insult (1)", "It still stands",
            "A sharp <word>",
        )  # fmt: skip
        assert card["silent"]
        assert card["has_protected_content"]
        assert buttons(card) == ["Keep it", "Remove it"]
        await cast.first.sees("Reported post")

        there = inside(cast.reader, group)
        command = await there.sends(text="/report", reply_to=said["message_id"], message_thread_id=thread)
        await cast.reader.sees("Thank you, the moderators see it")
        hidden = await cast.lead.sees("Reported by 2 members: ", "an insult (1)", "something else (1)", "hidden until")
        assert not hidden["silent"]
        await cast.author.sees("Your post in “Media and communication”", "is hidden until the moderators")
        await cast.follower.sees("was reported and is hidden")
        for message in (said, command):
            await comes(stage.control, "deleteMessage", chat_id=group, message_id=message["message_id"])
        await forges(cast.point, OpenPost(1))
        await cast.point.sees("There is no such post")
        for person in (cast.lead, cast.first, cast.author):
            assert not any("Follower" in written(m) or "Reader" in written(m) for m in person.seen.values())

        await there.looks()
        await goes(cast.lead, "Keep it", "Kept by", "Aida Lead")
        await cast.first.sees("Kept by", "Aida Lead")
        await cast.author.sees("stands again", "kept it")
        for person in (cast.follower, cast.reader):
            await person.sees("Thank you for your report", "kept it")
        await cast.follower.sees("TLP:GREEN", "A sharp <word>")
        back = await there.sees("A sharp <word>", "Saltanat Demo")
        assert back["message_thread_id"] == thread
        await holds(stage, "SELECT state FROM post", "published")

        await reports(cast.reader, "off topic")
        await cast.second.sees("Reported by 1 member: off topic (1)", "It still stands")
        await reports(cast.reader, "an insult")  # once more is not twice
        await holds(stage, "SELECT count(*) FROM report", 3)

    assert await stage.rows("SELECT state, hidden FROM review ORDER BY id") in (
        [("kept", 1), ("open", 0)], [("kept", True), ("open", False)],
    )  # fmt: skip
    acts = [event for (event,) in await stage.rows("SELECT event FROM audit ORDER BY id") if "po" in event]
    assert acts == ["report:made", "report:made", "post:hidden", "post:kept", "report:made"]
    assert "sharp" not in stage.log()
    assert "sharp" not in str(await stage.rows("SELECT facts FROM audit"))


@SQLITE
@pytest.mark.parametrize(
    ("consequence", "told"),
    [("Nothing more", "Причина: персональные данные."), ("Warn the author", "Это предупреждение"),
     ("Mute for 7 days", "До 1 дек. 2026")],
)  # fmt: skip
async def test_a_focal_point_alone_hides_a_post_and_its_author_is_told_why_it_goes(
    stage: Stage, consequence: str, told: str
) -> None:
    cast = await everybody(stage)
    await alters(stage, "UPDATE member SET language = 'ru' WHERE telegram_id = 50")
    async with stage.bot():
        group, _, said = await speaks(stage, cast, "Somebody's telephone")
        await reports(cast.point, "personal data")
        await cast.lead.sees("It is hidden until you decide", "To be decided by")
        await comes(stage.control, "deleteMessage", chat_id=group, message_id=said["message_id"])
        await removes(cast.lead, "personal data", consequence)
        await cast.author.sees(
            "сообщение в теме «СМИ и коммуникация»", "удалено", "персональные данные", told,
            "напишите администратору сети (Test network)",
        )  # fmt: skip
        await cast.point.sees("Thank you for your report: the post was removed")
        decided = await cast.second.sees("Removed by", "Aida Lead", "personal data")
        assert "telephone" not in written(decided)
        await cast.follower.sees("was removed by the moderators")

    assert await stage.rows("SELECT state FROM post") == [("removed",)]
    muted = [(50,)] if "Mute" in consequence else []
    assert await stage.rows("SELECT m.telegram_id FROM mute u JOIN member m ON m.id = u.member_id") == muted


async def test_of_two_moderators_who_decide_at_once_one_wins_and_the_other_reads_who(stage: Stage) -> None:
    cast = await everybody(stage)
    async with stage.bot():
        await speaks(stage, cast, "A word")
        await reports(cast.point, "unlawful")
        await cast.first.sees("Reported post")
        await cast.lead.sees("Reported post")
        await goes(cast.lead, "Remove it", "Why is the post removed?")
        await goes(cast.lead, "Unlawful", "What follows")
        await asyncio.gather(cast.first.taps("Keep it"), cast.lead.taps("Nothing more"))
        await cast.second.sees(" by ", "Reported post")
        await holds(stage, "SELECT count(*) FROM review WHERE state <> 'open'", 1)
        state, by = (await stage.rows("SELECT r.state, m.name FROM review r JOIN member m ON m.id = r.decided_by"))[0]
        loser = cast.lead if by == "Maral Demo" else cast.first
        await loser.sees("This has already been decided, by", by)
        await cast.point.sees("kept it" if state == "kept" else "was removed")
    assert (state, by) in (("kept", "Maral Demo"), ("removed", "Aida Lead"))


@SQLITE
async def test_nobody_reports_or_decides_on_their_own_post_and_a_member_decides_nothing(stage: Stage) -> None:
    cast = await everybody(stage)
    async with stage.bot():
        group = await forum(stage, cast.first, cast.lead, cast.reader)
        thread = (await threads(stage))["media"]
        said = await inside(cast.lead, group).sends(text="The lead speaks", message_thread_id=thread)
        await recorded(stage)
        await forges(cast.lead, Because(1, Reason.OTHER))
        await cast.lead.sees("This is your own post")
        await inside(cast.lead, group).sends(text="/report", reply_to=said["message_id"], message_thread_id=thread)
        await cast.lead.sees("This is your own post")
        await reports(cast.reader, "something else")
        await cast.first.sees("Reported post", "Aida Lead")
        await cast.second.sees("Reported post")
        await forges(cast.lead, Keep(1))
        await cast.lead.sees("Nobody decides on their own post")
        assert not any("Reported post" in written(m) for m in cast.lead.seen.values())
        await forges(cast.reader, Keep(1))
        await cast.reader.sees("I do not know that")
        await forges(cast.first, OpenReview(99))
        await cast.first.sees("There is no such report")
        await inside(cast.reader, group).sends(text="/report", message_thread_id=thread)
        await cast.reader.sees("To report a message, reply to it")
        general = await inside(cast.reader, group).says("In General")
        await inside(cast.reader, group).sends(text="/report", reply_to=general["message_id"])
        await cast.reader.sees("I do not know this message")

        stranger = await stage.person(90, "Stranger")
        await stranger.starts()
        await stranger.sees("choose your language")
        await presses(stranger, Report(1))
        await stranger.sees("This is for members of the network")
    assert await stage.rows("SELECT count(*) FROM report") == [(1,)]


@SQLITE
async def test_what_waits_too_long_is_listed_and_the_moderators_are_reminded_once(stage: Stage) -> None:
    cast = await everybody(stage)
    async with stage.bot():
        await speaks(stage, cast, "A word")
        await reports(cast.reader, "off topic")
        await cast.lead.sees("Reported post", "26 Nov 2026")
        await stage.control.post("/clock", to="2026-11-26T05:59:00+00:00", freeze=True)
        await cast.lead.says("/topic")
        await goes(cast.lead, "Reports", "Reports that wait", "Media and communication", "1 report", "still stands")
        await goes(cast.lead, "1", "Reported post", "A word")
        assert await stage.rows("SELECT count(*) FROM outbox WHERE notice = 'review:late'") == [(0,)]
        await stage.control.post("/clock", to="2026-11-26T06:01:00+00:00", freeze=True)
        await cast.lead.sees("has waited for a decision for two working days")
        await stage.control.post("/clock", to="2026-11-27T06:01:00+00:00", freeze=True)
        await goes(cast.lead, "Open the report", "Reported post", "A word")
        await goes(cast.lead, "Keep it", "Kept by")
        await goes(cast.lead, "Back", "Nothing waits")
    assert await stage.rows("SELECT count(*) FROM outbox WHERE notice = 'review:late'") == [(3,)]


@pytest.mark.parametrize(
    ("opened", "until"),
    [("2026-11-24T06:00", "2026-11-26T06:00"), ("2026-11-26T06:00", "2026-11-30T06:00"),
     ("2026-11-28T06:00", "2026-12-01T06:00"), ("2026-11-27T23:00", "2026-12-01T23:00")],
)  # fmt: skip
def test_a_weekend_is_no_time_to_decide(opened: str, until: str) -> None:
    assert due(datetime.fromisoformat(f"{opened}+00:00")) == datetime.fromisoformat(f"{until}+00:00")


async def muted(stage: Stage, cast: Cast, days: str = "Mute for 1 day") -> tuple[int, int]:
    """Let the author be muted for a post; return the group and the thread."""
    group, thread, _ = await speaks(stage, cast, "A rude word")
    await reports(cast.point, "an insult")
    await cast.lead.sees("hidden until you decide")
    await removes(cast.lead, "an insult", days)
    await cast.author.sees("was removed", "You cannot post until")
    return group, thread


async def test_a_muted_member_says_nothing_in_private_nor_in_any_group_until_the_time_is_over(stage: Stage) -> None:
    cast = await everybody(stage)
    async with stage.bot():
        group, thread = await muted(stage, cast)
        call = await comes(stage.control, "restrictChatMember", chat_id=group, user_id=50)
        assert not any(v for k, v in call["parameters"]["permissions"].items() if k.startswith("can_send"))
        end = datetime.fromtimestamp(call["parameters"]["until_date"]).astimezone()
        assert end == datetime.fromisoformat("2026-11-25T06:00:00+00:00")
        with pytest.raises(AssertionError, match="may not write"):
            await inside(cast.author, group).sends(text="Once more", message_thread_id=thread)

        await cast.author.says("/topics")
        await cast.author.sees("Topics.")
        await goes(cast.author, "Media and communication", "Responsible reporting")
        await goes(cast.author, "Write a post", "You cannot post until", "25 Nov 2026")

        other = await own_group(stage, cast.first, "Media and communication")
        await stage.control.post("/users/50/join", chat=other)
        await comes(stage.control, "restrictChatMember", chat_id=other, user_id=50)

        await stage.control.post("/clock", to="2026-11-25T06:00:01+00:00", freeze=True)
        await inside(cast.author, group).sends(text="I am back", message_thread_id=thread)
        await recorded(stage, 2)
        await forges(cast.author, OpenPost(2))
        await cast.author.sees("I am back")
    events = await stage.rows("SELECT event FROM audit WHERE event LIKE 'member:mut%'")
    assert events == [("member:muted",)]
    ids = dict(await stage.rows("SELECT telegram_id, id FROM member"))
    async with stage.beside() as database, database.reading() as tx:
        own, other = await privacy.copy_of(tx, ids[50]), await privacy.copy_of(tx, ids[53])
    assert {row["reason"] for row in (*own["mute"], *own["review"])} == {"insult"}
    assert not {"by_id", "lifted_by", "decided_by"} & {*own["mute"][0], *own["review"][0]}
    assert "report" not in own
    assert other["report"][0]["reason"] == "insult"
    assert "review" not in other


@SQLITE
async def test_a_mute_is_lifted_early_by_who_moderates_the_topic(stage: Stage) -> None:
    cast = await everybody(stage)
    async with stage.bot():
        group, thread = await muted(stage, cast, "Mute for 30 days")
        await comes(stage.control, "restrictChatMember", chat_id=group, user_id=50)
        await cast.lead.says("/topic")
        await goes(cast.lead, "Reports", "Nothing waits")
        await goes(cast.lead, "Who is muted", "Saltanat Demo", "24 Dec 2026", "an insult")
        await goes(cast.lead, "Lift: Saltanat Demo", "They can post again")
        await cast.author.sees("You can post again")
        await cast.first.sees("Removed by", "muted for 30 days")
        await goes(cast.first, "Lift the mute", "This mute is over")
        while not (await threads(stage)) or not await writes_again(cast.author, group, thread):
            await goes_on(stage.control)
        await recorded(stage, 2)
        await goes(cast.lead, "Who is muted", "Nobody is muted")
    assert await stage.rows("SELECT count(*) FROM audit WHERE event = 'member:unmuted'") == [(1,)]


async def writes_again(person: Person, group: int, thread: int) -> bool:
    """Tell whether somebody can write in a group by now."""
    try:
        await inside(person, group).sends(text="Thank you", message_thread_id=thread)
    except AssertionError:
        return False
    return True


@SQLITE
async def test_where_nobody_can_be_restricted_what_a_muted_member_says_is_deleted_and_staff_know(stage: Stage) -> None:
    cast = await everybody(stage)
    async with stage.bot():
        group = await forum(stage, cast.first, cast.author)
        thread = (await threads(stage))["media"]
        await stage.control.post("/users/1/promote", chat=group, user=50)
        await inside(cast.author, group).sends(text="A rude word", message_thread_id=thread)
        await recorded(stage)
        basic = await own_group(stage, cast.first, "Media and communication", cast.author, kind="group")
        await reports(cast.point, "an insult")
        await cast.lead.sees("hidden until you decide")
        await removes(cast.lead, "an insult", "Mute for 1 day")
        failed = await cast.first.sees("Saltanat Demo", "is muted, but I could not restrict them in", "Network &")
        assert "administrator of the chat" in written(failed)
        await cast.second.sees("is muted, but I could not restrict them")
        for chat, more in ((group, {"message_thread_id": thread}), (basic, {})):
            said = await inside(cast.author, chat).sends(text="Another rude word", **more)
            await comes(stage.control, "deleteMessage", chat_id=chat, message_id=said["message_id"])
    assert await stage.rows("SELECT count(*) FROM post") == [(1,)]
    assert await stage.rows("SELECT count(*) FROM outbox WHERE notice = 'mute:failed'") == [(2,)]


@SQLITE
async def test_a_post_with_a_file_is_judged_with_its_file_and_the_card_loses_it_by_the_decision(stage: Stage) -> None:
    cast = await everybody(stage)
    file = {"file_name": "list.pdf", "mime_type": "application/pdf", "content_b64": "JVBERi0xLjQ="}
    async with stage.bot():
        group = await forum(stage, cast.first)
        await cast.author.says("/topics")
        await cast.author.sees("Topics.")
        await goes(cast.author, "Media and communication", "Responsible reporting")
        await goes(cast.author, "Write a post", "Write your post for")
        await cast.author.sends(document=file, caption="Telephones")
        await cast.author.sees("Telephones", "It goes to")
        await goes(cast.author, "Post", "is published")
        copy = await cast.follower.sees("Telephones")
        await reports(cast.point, "personal data")
        card = await cast.lead.sees("Reported post", "Telephones", "hidden until")
        assert card["document"]["file_name"] == "list.pdf"
        await comes(stage.control, "deleteMessage", chat_id=52, message_id=copy["message_id"])
        await goes(cast.lead, "Remove it", "Why is the post removed?")
        await goes(cast.lead, "Personal data", "What follows for the author?")
        await cast.lead.taps("Warn the author")
        await cast.first.sees("Removed by", "Aida Lead", "the author was warned")
        await cast.author.sees("was removed", "This is a warning")
        for person in (cast.first, cast.second, cast.lead):
            await holds(stage, "SELECT count(*) FROM outbox WHERE state IN ('queued', 'leased')", 0)
            assert not [m for m in await written_in(person, person.id) if "document" in m]
        there = inside(cast.first, group)
        assert not [m for m in await written_in(there, group) if "document" in m]


async def test_an_erased_author_takes_post_cards_and_reports_along(stage: Stage) -> None:
    cast = await everybody(stage)
    async with stage.bot():
        await speaks(stage, cast, "A word of Perizat", cast.reader)
        await reports(cast.reader, "off topic")
        await cast.lead.sees("Reported post", "A word of Perizat")
        await cast.second.sees("Reported post")
        await cast.author.says("/erase")
        await cast.author.sees("Erase everything about you?")
        await goes(cast.author, "Erase my data", "was erased")
        for person in (cast.lead, cast.second):
            await person.sees("This report was erased together")
            shown = [m for m in await written_in(person, person.id) if "of Perizat" in written(m)]
            assert shown == []
        await forges(cast.lead, Keep(1))
        await cast.lead.sees("There is no such report")
    for table in ("review", "report", "post"):
        assert await stage.rows(f"SELECT count(*) FROM {table}") == [(0,)]  # noqa: S608


@SQLITE
async def test_an_erased_reporter_leaves_a_case_without_reports(stage: Stage) -> None:
    cast = await everybody(stage)
    async with stage.bot():
        await speaks(stage, cast, "A word", cast.reader)
        await reports(cast.reader, "off topic")
        await cast.lead.sees("Reported by 1 member")
        await cast.reader.says("/erase")
        await cast.reader.sees("Erase everything about you?")
        await goes(cast.reader, "Erase my data", "was erased")
        await cast.lead.says("/topic")
        await goes(cast.lead, "Reports", "0 reports")
        await goes(cast.lead, "1", "The reports were erased with the data")
        await goes(cast.lead, "Keep it", "Kept by")
    assert await stage.rows("SELECT count(*) FROM report") == [(0,)]


async def test_a_mute_and_a_decided_breach_are_forgotten_after_ninety_days(database: Database) -> None:
    now = datetime.fromisoformat("2026-11-24T06:00:00+00:00")
    async with database.transaction() as tx:
        member = await members.welcome(tx, 50, "en", "UTC", now)
        member.state = MemberState.ACTIVE
        viewer = await access.viewer(tx, member.id)
        await mutes.mute(tx, member, MEDIA, now + timedelta(days=1), "insult", now, by=member.id)
        for state in (BreachState.RELEASED, BreachState.OPEN):
            row = await moderation.breaches.report(tx, viewer, moderation.NOTHING, now, words="Words")
            row.state, row.decided_at = state, None if state is BreachState.OPEN else now
        found = []
        for after in (timedelta(days=90), timedelta(days=90, hours=1), timedelta(days=92)):
            await mutes.forget(tx, now + after)
            await moderation.breaches.drop_old(tx, now + after)
            await tx.flush()
            found.append([len(list(await tx.scalars(select(table.id)))) for table in (Mute, Breach)])

    assert found == [[1, 2], [1, 1], [0, 1]]
