"""Seats: what somebody did for the network passes to a successor in one act, nothing private, and both are told."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from cast import administrators, forges, goes
from story import Stage, buttons, written
from test_members import number

from handlers.staff.card import HandOver
from handlers.staff.listing import OpenMember
from handlers.staff.seats import Pass, Successor
from storage import members, seats, staff
from storage.applications import Application, ApplicationKind, ApplicationState
from storage.database import Database
from storage.directory import DirectoryEntry
from storage.members import Category, MemberState, Office, Role
from storage.nominations import Nomination, NominationKind, NominationState
from storage.refusals import Refusal

NOW = datetime(2026, 11, 24, tzinfo=UTC)
KZ = Office(Role.FOCAL_POINT, country="KZ")


async def works(stage: Stage, telegram_id: int) -> None:
    """Let a focal point have something of everything that passes, and of what does not."""
    async with stage.beside() as database, database.transaction() as tx:
        member = await members.by_telegram(tx, telegram_id)
        applicant = await members.by_telegram(tx, 60)
        assert member is not None
        assert applicant is not None
        until = datetime.now(UTC) + timedelta(days=300)
        await members.give_role(tx, member.id, KZ, NOW, until=until, alternate=False)
        facts = {"name": "Applicant", "organisation": "O", "category": Category.MEDIA, "country": "KZ"}
        tx.add(
            Application(member_id=applicant.id, kind=ApplicationKind.JOIN, state=ApplicationState.VETTED,
                        submitted_at=NOW, vetted_at=datetime.now(UTC), claimed_by=member.id, **facts)
        )  # fmt: skip
        made = {"kind": NominationKind.NOMINATION, "made_at": NOW, "expires_at": datetime.now(UTC) + timedelta(days=2)}
        for number_, state in enumerate((NominationState.OPEN, NominationState.USED)):
            tx.add(Nomination(by_id=member.id, state=state, secret_sha256=f"{number_}" * 64, name="N", **made))
        tx.add(
            DirectoryEntry(member_id=member.id, number=member.id, shows_name=True, languages=",en,", published_at=NOW)
        )


async def test_a_seat_passes_with_its_tasks_and_the_predecessor_leaves_in_the_same_act(stage: Stage) -> None:
    first, _ = await administrators(stage)
    before = await stage.joined(50, "Before Demo", roles=[Role.APPROVER], topics=["media", "jpoa"],
                                email="before@example.org", organisation="Ministry")  # fmt: skip
    after = await stage.joined(51, "Zafar After", topics=["media"], organisation="Ministry", country="KG")
    await stage.joined(52, "Aaron Elsewhere", organisation="Elsewhere", country="UZ")
    await stage.joined(60, "Applicant", state=MemberState.VETTED, joined_at=None)
    await works(stage, 50)
    one, two = await number(stage, 50), await number(stage, 51)
    async with stage.bot():
        await first.says("/members")
        await first.sees("Everybody")
        await forges(first, OpenMember(one))
        await first.sees("Before Demo", "approver, focal point of")
        await first.taps("Hand over")
        listed = buttons(await first.sees("Who takes the seat of", "Before Demo"))
        assert listed == ["Zafar After", "Aaron Elsewhere", "Timur Demo", "Back"]
        await first.taps("Zafar After")
        shown = await first.sees("Before Demo", "Zafar After", "approver", "Kazakhstan", "principal, until", "2 topics",
                                 "1 application taken", "1 open nomination", "everything private stay")  # fmt: skip
        assert "example.org" not in written(shown)
        await first.taps("Hand over and off-board")
        await first.sees("Before Demo", "was off-boarded")
        await after.sees("You take over from", "Before Demo", "approver", "Kazakhstan", "1 application taken")
        await before.sees("has passed to", "Zafar After")
        await before.sees("Your membership of Test network has ended")
        await after.says("/review")
        await after.sees("Applications that are waiting")
        await goes(after, "A-1", "Taken by", "Zafar After")
        await forges(first, Pass(one, two, 0))
        await first.sees("This has changed meanwhile")

    held = "SELECT m.telegram_id, r.role, r.country, r.until IS NULL FROM member_role r JOIN member m "
    found = await stage.rows(held + "ON m.id = r.member_id WHERE m.telegram_id >= 50 ORDER BY r.role")
    assert [(t, role, c, bool(n)) for t, role, c, n in found] == [
        (51, "approver", None, True), (51, "focal point", "KZ", False),
    ]  # fmt: skip
    assert await stage.rows("SELECT member_id, count(*) FROM subscription GROUP BY member_id") == [(two, 2)]
    assert await stage.rows("SELECT by_id, state FROM nomination ORDER BY id") == [(two, "open"), (one, "used")]
    assert await stage.rows("SELECT claimed_by FROM application") == [(two,)]
    assert await stage.rows("SELECT count(*) FROM directory_entry") == [(0,)]
    assert await stage.rows("SELECT email FROM member WHERE id IN (:one, :two) ORDER BY id", one=one, two=two) == [
        ("before@example.org",), (None,),
    ]  # fmt: skip
    acts = await stage.rows("SELECT event, actor_id FROM audit WHERE subject_id = :one ORDER BY id", one=one)
    assert acts == [("seat:handed over", 1), ("member:offboarded", 1)]


async def test_nobody_hands_over_to_themselves_or_takes_a_seat_and_only_members_follow(stage: Stage) -> None:
    first, second = await administrators(stage)
    await stage.joined(50, "Before Demo", roles=[KZ])
    await stage.joined(51, "Suspended Demo", state=MemberState.SUSPENDED)
    me, one, gone = await number(stage, 1), await number(stage, 50), await number(stage, 51)
    async with stage.bot():
        await first.says("/members")
        await first.sees("Everybody")
        for press in (HandOver(me, 0), Successor(me, one), Successor(one, me), Pass(one, me, 0), Pass(one, one, 0),
                      Pass(me, one, 1)):  # fmt: skip
            await forges(first, press)
            await first.sees("Nobody hands over their own seat")
        await forges(first, Pass(one, gone, 0))
        await first.sees("Only somebody who is a member now can take a seat")
        await forges(first, Successor(999, one))
        await first.sees("There is no such member")
        await forges(first, Pass(2, one, 0))
        await first.sees("Handed over. Both are told")
        await second.says("/members")
        await second.sees("I do not know that")

    assert await stage.rows("SELECT count(*) FROM member_role WHERE role = 'administrator'") == [(2,)]


async def test_whoever_sits_already_keeps_the_better_seat_and_two_acts_at_once_are_one(database: Database) -> None:
    async with database.transaction() as tx:
        ids = []
        for telegram_id, roles in (
            (1, [Role.ADMINISTRATOR]),
            (2, [Role.ADMINISTRATOR]),
            (50, [Role.AUDITOR]),
            (51, []),
        ):
            member = await members.welcome(tx, telegram_id, "en", "UTC", NOW)
            member.state, member.country = MemberState.ACTIVE, "KZ"
            for role in roles:
                await members.give_role(tx, member.id, role, NOW)
            ids.append(member.id)
        leader, other, before, after = ids
        await members.give_role(tx, before, KZ, NOW, alternate=False)
        await members.give_role(tx, after, KZ, NOW, alternate=True)
        await members.give_role(tx, after, Role.AUDITOR, NOW)

    async def passes(by: int) -> None:
        async with database.transaction() as tx:
            me = await staff.acting(tx, by, before, after)
            await seats.hand_over(tx, me, before, after, NOW, offboard=True)

    ended = await asyncio.gather(passes(leader), passes(other), return_exceptions=True)
    (refused,) = [e for e in ended if e is not None]
    async with database.reading() as tx:
        held = await staff.held(tx, after)

    assert isinstance(refused, Refusal)
    assert sorted((one.role.value, one.country, one.alternate) for one in held) == [
        ("auditor", None, None), ("focal point", "KZ", False),
    ]  # fmt: skip
