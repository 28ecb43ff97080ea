"""Cards: versions, labels, reports and comments – what becomes of a document, and who is told of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cast import MEDIA, SOAKED, administrators, alters, forges, goes, paper, shelves, stands_at
from moderators import holds
from record import comes
from sqlalchemy import func, select
from story import Person, Stage, buttons, written

from handlers.documents.card import Comment, Manage
from handlers.documents.flags import FlagFor, JudgeFlags
from handlers.documents.keeping import BringBack, HandDocument, Withdraw
from handlers.documents.labels import Relabel
from handlers.documents.versions import NewVersion
from handlers.presses import OpenDocument, Review
from storage import access, documents, members
from storage.documents import Attachment, DocumentAudience, Draft, Flaw, Kind
from storage.members import Office, Role
from storage.outbox import OutboxRow, OutboxState, Promise, Settlement, promise
from storage.refusals import Refusal
from storage.tlp import Label

TUESDAY = datetime(2026, 11, 24, 6, tzinfo=UTC)
FILE = {"file_name": "paper.pdf", "mime_type": "application/pdf", "content_b64": "JVBERi0xLjQ="}


async def opens(person: Person, number: int, *seen: str) -> dict[str, Any]:
    """Open a document by a button that stands nowhere."""
    await person.says("/help")
    await person.sees("What you can do here")
    await forges(person, OpenDocument(number))
    return await person.sees(*seen)


async def replaces(stage: Stage, telegram_id: int, old: int, draft: Draft) -> None:
    """Let a member have shared a newer version of a document."""
    now = await stage.now()
    async with stage.beside() as database, database.transaction() as tx:
        member = await members.by_telegram(tx, telegram_id)
        assert member is not None
        viewer = await access.viewer(tx, member.id)
        row = await documents.share(tx, viewer, draft, Label.AMBER_STRICT, now)
        await documents.supersede(tx, viewer, old, row, now)


async def token(stage: Stage, number: int) -> str:
    found = await stage.rows("SELECT token FROM document WHERE id = :id", id=number)
    return f"doc_{found[0][0]}"


async def test_a_new_version_takes_its_followers_along_and_tells_nobody_of_what_is_not_theirs(stage: Stage) -> None:
    owner = await stage.joined(50, "Saltanat Demo", organisation="Institute A")
    reader = await stage.joined(51, "Reader Demo", organisation="Institute B")
    await shelves(stage, 50, paper("First edition", Label.GREEN))
    async with stage.bot():
        await opens(reader, 1, "TLP:GREEN", "First edition", "Shared by", "Institute A")
        await goes(reader, "Follow", "First edition")
        card = await goes(reader, "Save", "First edition")
        assert {"Unfollow", "Unsave", "Report", "Copy its address"} <= set(buttons(card))
        assert "Manage" not in buttons(card)
        await forges(reader, NewVersion(1))
        await reader.sees("There is no such document")
        await opens(owner, 1, "First edition")
        await goes(owner, "Manage", "Manage", "To be looked at anew on")
        await goes(owner, "Share a new version", "Send the link")
        await owner.says("/cancel")
        await owner.sees("Cancelled")

        await replaces(stage, 50, 1, paper("Second edition", Label.GREEN))
        await reader.sees("There is a new version of a document that you follow", "Second edition")
        await replaces(stage, 50, 1, paper("Third edition", Label.AMBER))

        await reader.starts(await token(stage, 1))
        await reader.sees("A newer version of what you asked for", "Second edition")
        await goes(reader, "Open the one asked for", "First edition", "Superseded by", "Second edition")
        second = await goes(reader, "Open the newest version", "Second edition")
        assert {"Unfollow", "Unsave", "Older versions"} <= set(buttons(second))
        await goes(reader, "Older versions", "Older versions of", "First edition", "D-1")
        await reader.says("/library")
        shelf = written(await reader.sees("Library", "Second edition"))
        assert "First" not in shelf
        await owner.starts(await token(stage, 1))
        await owner.sees("TLP:AMBER", "A newer version of what you asked for", "Third edition")
        await owner.says("/library")
        assert "Second" not in written(await owner.sees("Library", "Third edition"))
        await stage.settled()
    assert all("Third" not in written(message) for message in reader.seen.values())
    assert await stage.rows("SELECT member_id, document_id FROM document_mark") == [(2, 2)]
    told = "SELECT member_id, state FROM outbox WHERE notice = 'document:version'"
    assert await stage.rows(told) == [(2, "sent")]
    assert await stage.rows("SELECT successor_id FROM document ORDER BY id") == [(2,), (3,), (None,)]


@SOAKED
async def test_versions_make_no_circle_and_a_label_names_its_audience(stage: Stage) -> None:
    await stage.joined(50, "Saltanat Demo")
    await stage.joined(51, "Reader Demo")
    await shelves(stage, 50, paper("First"), paper("Second"), paper("Third"))
    async with stage.beside() as database, database.transaction() as tx:
        me, other = await access.viewer(tx, 1), await access.viewer(tx, 2)
        rows = {number: await documents.by_id(tx, me, number) for number in (1, 2, 3)}
        await documents.supersede(tx, me, 1, rows[2], TUESDAY)
        for viewer, old, new, refused in ((me, 1, 2, "circle"), (me, 2, 1, "circle"), (other, 2, 3, "unknown")):
            with pytest.raises(Refusal, match=f"document:{refused}"):
                await documents.supersede(tx, viewer, old, rows[new], TUESDAY)
        await documents.supersede(tx, me, 1, rows[3], TUESDAY)
        assert [rows[n].successor_id for n in (1, 2, 3)] == [2, 3, None]
        for label, named in ((Label.AMBER, 2), (Label.AMBER_STRICT, 1), (Label.AMBER, 2), (Label.CLEAR, 0)):
            await documents.relabel(tx, me, 3, label, Label.AMBER_STRICT, TUESDAY)
            audience = select(func.count()).select_from(DocumentAudience)
            assert await tx.scalar(audience) == named
            assert (3 not in await documents.link_health(tx, [3])) is label.named_audience


@SOAKED
async def test_news_that_a_stricter_label_overtakes_on_its_way_vanish(stage: Stage) -> None:
    await stage.joined(50, "Saltanat Demo", organisation="Institute A")
    await stage.joined(51, "Reader Demo", organisation="Institute B")
    await shelves(stage, 50, paper("First", Label.GREEN))
    async with stage.beside() as database, database.transaction() as tx:
        await promise(tx, [Promise(number, "document:version", {"document": 1}) for number in (1, 2)], TUESDAY)
        rows = list(await tx.scalars(select(OutboxRow)))
        sent = [(row, Settlement(row.id, OutboxState.SENT, message_id=70 + row.id)) for row in rows]
        for row, settlement in sent:
            await documents.told(tx, row, settlement, TUESDAY)
        me = await access.viewer(tx, 1)
        await documents.relabel(tx, me, 1, Label.AMBER, Label.AMBER, TUESDAY)
        for row, settlement in sent:
            await documents.told(tx, row, settlement, TUESDAY)
    assert await stage.rows("SELECT chat_id FROM errand") == [(51,)]


async def test_a_stricter_label_calls_copies_back_and_a_more_open_one_needs_the_owners_word(stage: Stage) -> None:
    await stands_at(stage, TUESDAY)
    owner = await stage.joined(50, "Saltanat Demo", organisation="Institute A")
    colleague = await stage.joined(51, "Colleague Demo", organisation="Institute A")
    reader = await stage.joined(52, "Reader Demo", organisation="Institute B")
    seat = Office(Role.MODERATOR, topic_id=MEDIA)
    lead = await stage.joined(40, "Aida Lead", organisation="Institute C", roles=[seat])
    sent = (await owner.sends(document=FILE))["document"]
    file = Attachment(sent["file_id"], sent["file_unique_id"], "paper.pdf", 9, pages=12)
    await shelves(stage, 50, Draft("Contact list", MEDIA, Label.GREEN, file=file))
    async with stage.bot():
        await owner.says("/cancel")
        await owner.sees("ancel")
        copies = {}
        for person in (colleague, reader):
            await opens(person, 1, "TLP:GREEN", "Contact list", "Pages: 12")
            await person.taps("Get the file, 1 kB")
            copies[person.id] = (await person.sees("TLP:GREEN", "Contact list"))["message_id"]
        await stage.settled()
        await forges(reader, Relabel(1, Label.CLEAR, 1))
        await reader.sees("There is no such document")
        await opens(lead, 1, "Contact list")
        await lead.taps("Manage")
        choice = await goes(lead, "Change the label", "How is", "Not carried here: TLP:AMBER+STRICT, TLP:RED.")
        assert buttons(choice) == ["TLP:AMBER", "Back", "Menu"]
        await forges(lead, Relabel(1, Label.RED, 1))
        await lead.sees("TLP:RED is not carried here", "Deliver it in person")
        await forges(lead, Relabel(1, Label.CLEAR, 1))
        await lead.taps("TLP:AMBER", on="How is")
        await lead.sees("It is marked TLP:AMBER now, and no longer for you to see")
        for person in (colleague, reader):
            await comes(stage.control, "deleteMessage", chat_id=person.id, message_id=copies[person.id])
        told = await reader.sees("A document that you had was marked more strictly", "delete what you have kept")
        assert "Contact" not in written(told)
        await colleague.sees("TLP:AMBER", "A document that you had is marked more strictly now", "Contact list")
        await opens(reader, 1, "There is no such document")

        await goes(colleague, "Open it", "TLP:AMBER", "Contact list", "Shared by")
        await colleague.taps("Get the file")
        copy = await colleague.sees("TLP:AMBER", "Contact list")
        assert copy["document"]["file_name"] == "paper.pdf"
        await stage.settled()
        await stands_at(stage, TUESDAY + timedelta(hours=47, minutes=1))
        await comes(stage.control, "deleteMessage", chat_id=51, message_id=copy["message_id"])

        await opens(owner, 1, "TLP:AMBER", "Contact list")
        await owner.taps("Manage")
        await goes(owner, "Change the label", "How is")
        await goes(owner, "TLP:GREEN", "Does its source permit TLP:GREEN?", "Contact list")
        await goes(owner, "Mark it TLP:GREEN", "TLP:GREEN", "Contact list")
        await opens(reader, 1, "TLP:GREEN", "Contact list")
    logged = await stage.rows("SELECT actor_id, facts FROM audit WHERE event = 'document:labelled' ORDER BY id")
    assert [actor for actor, _ in logged] == [4, 1]
    assert "TLP:GREEN" in str(logged[0][1])
    assert "TLP:AMBER" in str(logged[0][1])


async def test_reports_hide_a_document_until_a_moderator_decides_in_place(stage: Stage) -> None:
    await stands_at(stage, TUESDAY)
    first, second = await administrators(stage)
    owner = await stage.joined(50, "Saltanat Demo")
    one = await stage.joined(51, "Reader Demo")
    other = await stage.joined(52, "Other Demo")
    point = await stage.joined(53, "Focal Demo", roles=[Office(Role.FOCAL_POINT, country="KZ")])
    await shelves(stage, 50, paper("A doubtful paper", Label.GREEN))
    async with stage.bot():
        await opens(one, 1, "A doubtful paper")
        await goes(one, "Report", "What is wrong with", "it must not be here at all")
        await goes(one, "Outdated", "Thank you, the moderators see it")
        card = await first.sees("Reported document", "D-1", "A doubtful paper", "Reported by 1 member: outdated (1)")
        assert "Reader" not in written(card)
        await forges(one, FlagFor(1, Flaw.OTHER))
        await forges(one, JudgeFlags(1, 1))
        await one.sees("I do not know that")
        await opens(owner, 1, "A doubtful paper")
        owns = await goes(owner, "Report", "it must not be here at all")
        assert buttons(owns) == ["Report a breach", "Back", "Menu"]
        await forges(owner, FlagFor(1, Flaw.OTHER))
        await owner.sees("You answer for this document yourself")
        await opens(other, 1, "A doubtful paper")
        await goes(other, "Report", "What is wrong with")
        await goes(other, "Broken", "Thank you, the moderators see it")
        await owner.sees("Your document was reported and is hidden", "A doubtful paper")
        await second.sees("Reported by 2 members", "broken (1), outdated (1)", "It is hidden until you decide")
        await opens(one, 1, "There is no such document")
        await opens(owner, 1, "A doubtful paper", "Reported and hidden until the moderators decide")
        await goes(first, "Keep it", "Kept by", "Maral Demo")
        await second.sees("Kept by", "Maral Demo")
        await owner.sees("Your document stands again", "A doubtful paper")
        await forges(second, JudgeFlags(1, 1))
        await second.sees("This has already been decided")

        await opens(point, 1, "A doubtful paper")
        await goes(point, "Report", "What is wrong with")
        await goes(point, "Unlawful", "Thank you")
        await second.sees("Reported by 1 member: unlawful (1)", "It is hidden until you decide")
        await stands_at(stage, TUESDAY + timedelta(days=2, minutes=1))
        await first.sees("has waited for a decision for two working days", "unlawful (1)")
        await second.taps("Withdraw it", on="unlawful")
        await second.sees("Withdrawn by", "Timur Demo")
        told = await owner.sees("withdrawn by the moderators", "A doubtful paper", "Reason: unlawful")
        assert "Focal" not in written(told)
        await opens(owner, 1, "Withdrawn: only its owner and the moderators see it")
        await forges(owner, BringBack(1))
        await owner.sees("The moderators have withdrawn it")
        await opens(point, 1, "There is no such document")
    events = "SELECT event FROM audit WHERE event LIKE 'document:%' ORDER BY id"
    assert [event for (event,) in await stage.rows(events)][1:] == [
        "document:flagged", "document:flagged", "document:hidden", "document:kept",
        "document:flagged", "document:hidden", "document:withdrawn",
    ]  # fmt: skip


@SOAKED
async def test_members_comment_for_a_while_and_the_owner_is_told(stage: Stage) -> None:
    await stands_at(stage, TUESDAY)
    owner = await stage.joined(50, "Saltanat Demo", organisation="Institute A")
    reader = await stage.joined(51, "Reader Demo", organisation="Institute B", language="ru")
    draft = Draft(
        "A draft", MEDIA, Label.GREEN, "https://example.org/draft", languages="en ru", titles={"ru": "Проект"},
        kind=Kind.HANDBOOK, pillars="P1 P3", country="KZ", description="About <drafts>",
    )  # fmt: skip
    await shelves(stage, 50, draft)
    await alters(stage, "UPDATE document_link SET state = 'dead', since = '2026-11-20 06:00:00'")
    async with stage.bot():
        await reader.says("/help")
        await reader.sees("Что")
        await forges(reader, OpenDocument(1))
        await reader.sees("Проект", "A draft", "Языки: английский, русский", "Вид: Руководство", "Компонент I: условия",
                          "Казахстан", "About <drafts>", "Ссылка не открывается")  # fmt: skip
        await goes(reader, "Следить", "Проект")
        await opens(owner, 1, "Languages: English, Russian", "has not worked since 20 November 2026")
        await goes(owner, "Manage", "Manage")
        await goes(owner, "Change the archive", "Send the address of a copy")
        await owner.says("web.archive.org/a-draft")
        await owner.sees("The copy is noted")
        assert "Open the archive copy" in buttons(await goes(owner, "Open the document", "A draft", "Languages"))
        await goes(owner, "Manage", "Manage")
        await goes(owner, "Ask for comments", "For how long")
        await goes(owner, "7 days", "Open for comments until 1 December 2026")
        await reader.sees("открыт для замечаний", "Проект")
        await goes(reader, "Открыть", "Замечания принимаются до")
        await goes(reader, "Замечание", "Что вы хотите сказать?", "TLP:GREEN")
        await reader.says("Section 2 is too long.")
        await reader.sees("Ваше замечание отправлено")
        told = await owner.sees("TLP:GREEN", "Reader Demo", "Institute B", "comments on", "Section 2 is too long.")
        assert told["has_protected_content"]
        await stands_at(stage, TUESDAY + timedelta(days=7, minutes=1))
        await owner.sees("The time for comments is over", "A draft")
        await forges(reader, Comment(1))
        await reader.sees("больше не принимаются")
        await reader.says("/erase")
        await reader.sees("Удалить")
        await reader.taps("Удалить")
        await holds(stage, "SELECT count(*) FROM outbox WHERE notice = 'document:comment'", 0)
    assert await stage.rows("SELECT stage FROM document") == [("published",)]
    assert await stage.rows("SELECT count(*) FROM document_mark") == [(0,)]


@SOAKED
async def test_an_owner_confirms_withdraws_brings_back_and_hands_over(stage: Stage) -> None:
    await stands_at(stage, TUESDAY)
    await administrators(stage)
    owner = await stage.joined(50, "Saltanat Demo", organisation="Institute A")
    heir = await stage.joined(51, "Aida Heir", organisation="Institute A")
    reader = await stage.joined(52, "Reader Demo", organisation="Institute B")
    await shelves(stage, 50, paper("A draft", Label.GREEN))
    await alters(
        stage,
        "INSERT INTO directory_entry (member_id, number, shows_name, shows_organisation, shows_category, shows_country,"
        " shows_topics, shows_email, contactable, languages, name_key, published_at)"
        " VALUES (4, 7, true, true, false, false, false, false, false, '', '', '2026-11-24 06:00:00')",
    )
    async with stage.bot():
        await opens(reader, 1, "A draft")
        await goes(reader, "Follow", "A draft")
        for press in (Manage(1), Withdraw(1, 1), BringBack(1), HandDocument(1, 5), Review(1), Relabel(1, Label.RED, 1)):
            await forges(reader, press)
            await reader.sees("There is no such document")

        await opens(owner, 1, "A draft")
        await goes(owner, "Manage", "Manage")
        await goes(owner, "Still valid", "is looked at anew on 24 November 2027")
        await goes(owner, "Open it", "A draft")
        await goes(owner, "Manage", "Manage")
        await goes(owner, "Withdraw it", "Withdraw", "A draft", "whoever follows it is told")
        await goes(owner, "Withdraw it", "Withdrawn: only its owner")
        await reader.sees("A document that you follow was withdrawn", "A draft")
        await goes(owner, "Manage", "Manage")
        await goes(owner, "Bring it back", "A draft", "Shared by")
        await goes(owner, "Manage", "Manage")
        await goes(owner, "Hand it over", "Who is to answer for", "the directory shows")
        await forges(owner, HandDocument(1, 5))
        await owner.sees("They cannot answer for it")
        await goes(owner, "Aida Heir", "A draft", "Shared by")
        await heir.sees("You answer for a document of your organisation now", "A draft")
        await forges(owner, Manage(1))
        await owner.sees("There is no such document")
        await heir.says("/leave")
        await heir.sees("Leave")
        await heir.taps("Leave")
        await holds(stage, "SELECT count(*) FROM document WHERE owner_id IS NULL", 1)
