"""Roles: given and taken by administrators only, never one's own; one seat, one holder, and an end that is told."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from cast import administrators, forges, goes, stands_at
from record import comes
from story import Person, Stage, buttons, written
from test_members import number

from handlers.staff.card import Roles
from handlers.staff.roles import Give, Take
from storage import access, audit, members, staff
from storage.audit import Event
from storage.database import Database
from storage.members import Member, MemberState, Office, Role
from storage.outbox import OutboxRow
from storage.refusals import Refusal
from storage.staff import Seat

NOW = datetime(2026, 11, 24, tzinfo=UTC)


async def names_focal_point(administrator: Person, member_id: int, place: str, seat: str, *seen: str) -> None:
    """Fill the form for six months with a letter, up to what is shown before and after the last press."""
    await forges(administrator, Give(member_id, Role.FOCAL_POINT, 0))
    await administrator.sees("Focal point of what")
    await administrator.taps(place)
    await administrator.sees("Principal or alternate?")
    await administrator.taps(seat)
    await administrator.sees("For how long?")
    await administrator.taps("6 months")
    await administrator.sees("letter")
    await administrator.says("NV-17/2026")
    await administrator.sees("Give ", "focal point", place, seat, "6 months", "NV-17/2026")
    await administrator.taps("Give the role")
    await administrator.sees(*seen)


async def test_a_role_is_given_with_two_presses_taken_with_two_and_told_each_time(stage: Stage) -> None:
    first, second = await administrators(stage)
    person = await stage.joined(50, "Saltanat Demo")
    await stage.joined(51, "Away Demo", state=MemberState.SUSPENDED)
    member_id, away, me = await number(stage, 50), await number(stage, 51), await number(stage, 1)
    async with stage.bot():
        await first.says("/members")
        await first.taps("Saltanat", on="Everybody")
        await first.sees("Saltanat Demo", "active")
        await goes(first, "Change roles", "Roles of", "None but that of a member")
        await goes(first, "Give: approver", "Give ", "Saltanat Demo", "approver")
        assert await stage.rows("SELECT count(*) FROM member_role") == [(2,)]
        await first.taps("Give the role")
        await person.sees("You have a new role: approver")
        await person.says("/review")
        await person.sees("No application is waiting")
        await goes(first, "Back to the roles", "Roles of", "approver")
        await goes(first, "Give: administrator", "Give ")
        await first.taps("Give the role")
        await second.sees("Saltanat Demo", "is an administrator now")
        await person.sees("You have a new role: administrator")

        await forges(first, Give(member_id, Role.MODERATOR, 0))
        await first.sees("Which topic shall", "Saltanat Demo")
        await first.taps("Media and communication")
        await first.sees("Give ", "moderator", "Topic: ")
        await first.taps("Give the role")
        await person.sees("You have a new role: moderator of Media")

        for press, refusal in (
            (Give(member_id, Role.ADMINISTRATOR, 1), "They hold this role already"),
            (Give(me, Role.AUDITOR, 1), "Nobody changes their own roles"),
            (Give(away, Role.AUDITOR, 1), "Only somebody who is a member now"),
            (Give(member_id, Role.FOCAL_POINT, 0), "Focal point of what"),
        ):
            await forges(first, press)
            await first.sees(refusal)
        await first.says("/cancel")
        await forges(first, Roles(me))
        assert buttons(await first.sees("Roles of", "Maral")) == ["Back"]
        mine = await stage.rows("SELECT id FROM member_role WHERE member_id = 1")
        await forges(first, Take(me, mine[0][0], 1))
        await first.sees("Nobody changes their own roles")

        await forges(second, Roles(member_id))
        await second.sees("Roles of", "moderator of")
        await goes(second, "Take: administrator", "Take this role from", "Saltanat Demo")
        await second.taps("Take the role")
        await person.sees("You no longer have this role: administrator")
        await forges(person, Give(away, Role.AUDITOR, 1))
        await person.sees("I do not know that")
        await forges(second, Take(member_id, 999, 1))
        await second.sees("They do not hold this role any more")

    acts = "SELECT event FROM audit WHERE event LIKE 'role:%' AND actor_id IS NOT NULL ORDER BY id"
    assert [e for (e,) in await stage.rows(acts)] == ["role:given"] * 3 + ["role:taken"]


async def test_a_seat_has_one_holder_a_warning_and_an_end(stage: Stage) -> None:
    began = datetime.now(UTC).replace(day=10, microsecond=0)
    await stands_at(stage, began)
    first, second = await administrators(stage)
    person = await stage.joined(50, "Saltanat Demo", organisation="Institute")
    other = await stage.joined(51, "Other Demo")
    one, two = await number(stage, 50), await number(stage, 51)
    async with stage.bot():
        for administrator in (first, second):
            await administrator.says("/members")
            await administrator.sees("Everybody")
        await names_focal_point(first, one, "Kazakhstan", "principal", "Done. The member is told")
        told = await person.sees("You have a new role: focal point of", "Kazakhstan", "principal", "until")
        assert "NV-17" not in written(told)
        await goes(first, "Back to the roles", "Roles of", "principal, until", "(letter ", "NV-17/2026")
        await names_focal_point(first, two, "Kazakhstan", "principal", "This seat is taken by Saltanat Demo until 20")
        await goes(first, "Edit: Seat", "Principal or alternate?")
        await first.taps("alternate")
        await first.sees("Give ", "alternate")
        await first.taps("Give the role")
        await other.sees("focal point of", "Kazakhstan", "alternate")
        await names_focal_point(second, one, "Institute", "principal", "Done. The member is told")
        await person.sees("focal point of", "Institute")

        (until,) = (await stage.rows("SELECT min(until) FROM member_role"))[0]
        ends = datetime.fromisoformat(str(until)).replace(tzinfo=UTC)
        await stands_at(stage, ends - timedelta(days=61))
        await stands_at(stage, ends - timedelta(days=60))
        await person.sees("Your role ends on", "Kazakhstan")
        await first.sees("The role of", "Saltanat Demo", "ends on", "Kazakhstan")
        moments = "SELECT created_at, count(*) FROM outbox WHERE notice = 'role:ending' GROUP BY created_at"
        [(warned, number_of)] = await stage.rows(moments)
        assert number_of == 9
        await stage.settled()
        await stands_at(stage, ends - timedelta(days=1))
        await stands_at(stage, ends)
        await person.sees("The term of your role is over", "Kazakhstan")
        await second.sees("The term of", "Saltanat Demo", "the seat is free", "Kazakhstan")
        await person.says("/nominate")
        await person.sees("I do not know that")

    # By and by the warning is forgotten, and it is not repeated.
    assert {moment for moment, _ in await stage.rows(moments)} <= {warned}
    assert await stage.rows("SELECT event, count(*) FROM audit WHERE event LIKE 'role:ex%' GROUP BY event") == [
        ("role:expired", 3)
    ]
    assert await stage.rows("SELECT count(*) FROM audit WHERE CAST(facts AS TEXT) LIKE '%NV-17%'") == [(0,)]


async def test_of_two_administrators_who_take_each_others_role_at_once_one_stays(stage: Stage) -> None:
    first, second = await administrators(stage)
    one, two = await number(stage, 1), await number(stage, 2)
    held = dict(await stage.rows("SELECT member_id, id FROM member_role"))
    async with stage.bot():
        for person in (first, second):
            await person.says("/menu")
            await person.sees("search the library")
        await asyncio.gather(forges(first, Take(two, held[two], 1)), forges(second, Take(one, held[one], 1)))
        await comes(stage.control, "sendMessage", text="You no longer have this role: administrator.")
        (left,) = await stage.rows("SELECT m.telegram_id FROM member_role r JOIN member m ON m.id = r.member_id")
        loser = second if left == (1,) else first
        await loser.sees("You no longer have this role")
        await loser.says("/members")
        await loser.sees("I do not know that")

    assert await stage.rows("SELECT problem FROM inbox WHERE problem IS NOT NULL") == []


async def test_two_clocks_at_once_warn_once_and_end_once_and_the_last_administrator_stays(database: Database) -> None:
    async with database.transaction() as tx:
        ids = []
        for telegram_id in (1, 50):
            member = await members.welcome(tx, telegram_id, "en", "UTC", NOW)
            member.state = MemberState.ACTIVE
            ids.append(member.id)
        leader, point = ids
        await members.give_role(tx, leader, Role.ADMINISTRATOR, NOW, until=NOW + timedelta(days=30))
        seat = Office(Role.FOCAL_POINT, country="KZ")
        await members.give_role(tx, point, seat, NOW, until=NOW + timedelta(days=30), alternate=False)

    async def ticks(at: datetime) -> None:
        async with database.transaction() as tx:
            await staff.expire(tx, at)

    for at in (NOW, NOW + timedelta(days=29), NOW + timedelta(days=30), NOW + timedelta(days=31)):
        await asyncio.gather(ticks(at), ticks(at))
    async with database.transaction() as tx:
        rows = await audit.rows(tx)
        told = [row.notice for row in (await tx.execute(OutboxRow.__table__.select())).all()]
        left = await members.offices(tx, ids)
        me = await access.viewer(tx, leader)
        person = await tx.get(Member, point)
        assert person is not None
        await staff.give(tx, me, point, Seat(seat, 24, alternate=False), datetime(2027, 1, 31, tzinfo=UTC))
        (renewed,) = await staff.held(tx, point)
        with pytest.raises(Refusal, match="role:reach"):
            await staff.give(tx, me, point, Seat(Office(Role.MODERATOR)), NOW)

    assert [(row.event, row.subject_id) for row in rows] == [(Event.ROLE_EXPIRED, point)]
    assert sorted(told) == ["role:ended"] * 2 + ["role:ending"] * 3
    assert left == {leader: {Office(Role.ADMINISTRATOR)}, point: set()}
    assert renewed.until == datetime(2029, 1, 28, tzinfo=UTC)
