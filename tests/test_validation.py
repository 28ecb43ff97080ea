"""Life as a member: posts are confirmed every year, by oneself or by who knows it, and who is not seen rests."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from cast import administrators, data_of, forges, goes, stands_at
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from story import Stage, buttons, written

from handlers.presses import ConfirmPost
from handlers.validation.posts import ConfirmTicked, Posts
from storage import access, members, presence, validation
from storage.database import Database
from storage.members import Member, MemberState, Office, Role
from storage.outbox import OutboxRow
from storage.refusals import Refusal

NOW = datetime(2027, 1, 11, tzinfo=UTC)
DAY = timedelta(days=1)
LONG_AGO = NOW - 331 * DAY
STAGES = ["membership:due", "membership:due", "membership:overdue", "membership:overdue", "membership:expired"]


async def told(stage: Stage, telegram_id: int) -> list[tuple[str, int]]:
    """Return which notices of the year somebody got, and on which day of the story."""
    rows = await stage.rows(
        "SELECT o.notice, o.created_at FROM outbox o JOIN member m ON m.id = o.member_id "
        "WHERE o.notice LIKE 'membership:%' AND m.telegram_id = :telegram_id ORDER BY o.id",
        telegram_id=telegram_id,
    )
    return [(notice, (_moment(at) - NOW).days) for notice, at in rows]


def _moment(at: Any) -> datetime:
    found = at if isinstance(at, datetime) else datetime.fromisoformat(at)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


async def states(stage: Stage, *telegram_ids: int) -> list[str]:
    rows = dict(await stage.rows("SELECT telegram_id, state FROM member"))
    return [rows[telegram_id] for telegram_id in telegram_ids]


async def test_a_post_is_asked_for_confirmed_forgotten_and_at_last_lost(stage: Stage) -> None:
    await stands_at(stage, NOW)
    await administrators(stage)
    prompt = await stage.joined(50, "Prompt", validated_at=LONG_AGO)
    late = await stage.joined(51, "Late", validated_at=LONG_AGO, language="ru")
    lost = await stage.joined(52, "Lost", validated_at=LONG_AGO)
    async with stage.bot():
        asked = await prompt.sees("Do you still hold your post at", "Demo Institute", "until 15 February 2027")
        assert buttons(asked) == ["Confirm", "Change my post", "Leave"]
        await late.sees("Вы по-прежнему работаете на своей должности", "Demo Institute", "15 февраля 2027")
        await prompt.says("/status")
        assert "Confirm" in buttons(await prompt.sees("Please confirm that you still hold your post"))
        await stands_at(stage, NOW + 21 * DAY)
        await prompt.sees("A reminder", "until 15 February 2027")
        await goes(prompt, "Confirm", "Your post is confirmed")
        await forges(prompt, ConfirmPost())
        await prompt.sees("confirmed already")
        await lost.sees("A reminder", "until 15 February")
        await stands_at(stage, NOW + 35 * DAY)
        await lost.sees("is suspended", "after 17 March 2027 the membership ends")
        await late.sees("приостановлено", "17 марта 2027")
        await late.says("/library")
        await late.sees("Это для участников сети", "приостановлено")
        await late.says("/status")
        await late.sees("пока вы не подтвердите")
        await goes(late, "Подтвердить", "Спасибо, ваша должность подтверждена")
        await late.says("/menu")
        await late.sees("Пришлите ссылку")
        await stands_at(stage, NOW + 49 * DAY)
        await lost.sees("A reminder", "still suspended", "after 17 March 2027")
        await stands_at(stage, NOW + 65 * DAY)
        await lost.sees("has ended", "You may apply again")
        assert len(lost.seen) == len(STAGES)  # the outbox forgets after thirty days; the chat does not
        await lost.says("/start")
        assert "Apply" in buttons(await lost.sees("You have left the network"))

    assert await states(stage, 50, 51, 52) == ["active", "active", "left"]
    acts = await stage.rows(
        "SELECT event, at FROM audit WHERE subject_id = (SELECT id FROM member WHERE name = 'Lost')"
    )
    assert [(event, (_moment(at) - NOW).days) for event, at in acts] == [
        ("member:due", 0), ("member:suspended", 35), ("member:expired", 65),
    ]  # fmt: skip


async def test_a_focal_point_confirms_on_one_screen_who_still_holds_their_post(stage: Stage) -> None:
    await stands_at(stage, NOW)
    administrator, _ = await administrators(stage)
    focal = await stage.joined(40, "Focal", validated_at=LONG_AGO, roles=[Office(Role.FOCAL_POINT, country="UZ")])
    crowd = [await stage.joined(50 + n, f"Colleague {n}", validated_at=LONG_AGO, country="UZ") for n in range(9)]
    abroad = await stage.joined(70, "Abroad", validated_at=LONG_AGO, country="KG")
    async with stage.bot():
        await focal.sees("The posts of 9 members in your reach wait")
        await crowd[8].sees("Do you still hold")
        first = await goes(focal, "Confirm posts", "Colleague 0", "Colleague 7", "Uzbekistan")
        assert "Abroad" not in written(first)
        assert "Focal" not in written(first)
        await goes(focal, "✓ 2. Colleague 1", "Who of them")
        first = await focal.sees("Who of them")
        assert {"✓ 1. Colleague 0", "– 2. Colleague 1", "1/2"} <= set(buttons(first))
        stale = ConfirmTicked.unpack(data_of(first, "Confirm the ticked"))
        assert stale is not None
        await focal.taps("Confirm the ticked")
        last = await focal.sees("Colleague 8")
        assert "Colleague 0" not in written(last)
        await crowd[0].sees("Your focal point has confirmed")
        await forges(focal, stale)
        await focal.sees("Colleague 1", "Colleague 8")
        await forges(focal, Posts(-1, 1 - 2**31, 0))
        await focal.sees("Colleague 1", "Colleague 8")
        await administrator.says("/menu")
        await administrator.sees("Send a link")
        mixed = await goes(administrator, "Confirm posts", "Abroad", "Focal")
        await administrator.taps("Confirm the ticked")
        await administrator.sees("That was the last page")
        await abroad.sees("The secretariat has confirmed")
        await focal.sees("The secretariat has confirmed")
        await forges(crowd[0], stale)
        await crowd[0].sees("I do not know that")
        await focal.says("/menu")
        await focal.sees("Send a link")
        await goes(focal, "Confirm posts", "No post waits to be confirmed by you")
        await stage.joined(71, "Newly due", validated_at=LONG_AGO, country="UZ")
        await stands_at(stage, NOW + 8 * DAY)
        await focal.sees("The post of 1 member in your reach waits")

    assert "Colleague 1" in written(mixed)
    assert await states(stage, 40, 50, 51, 70, 71) == ["active", "active", "active", "active", "due"]
    assert (await told(stage, 40)).count(("membership:posts", 0)) == 1
    actors = await stage.rows(
        "SELECT a.name, count(*) FROM audit e JOIN member a ON a.id = e.actor_id "
        "WHERE e.event = 'member:validated' GROUP BY a.name ORDER BY a.name"
    )
    assert actors == [("Focal", 7), ("Maral Demo", 4)]


async def test_two_who_confirm_the_same_page_at_once_confirm_each_member_once(stage: Stage) -> None:
    await stands_at(stage, NOW)
    pair = await administrators(stage)
    facts = {"validated_at": LONG_AGO, "last_seen_at": NOW}
    colleagues = [await stage.joined(50 + n, f"Colleague {n}", **facts) for n in range(3)]
    async with stage.bot():
        for colleague in colleagues:
            await colleague.sees("confirm")  # they are due by now
        for person in pair:
            await person.says("/menu")
            await person.sees("Send a link")
            await goes(person, "Confirm posts", "Colleague 2")
        await asyncio.gather(*(person.taps("Confirm the ticked") for person in pair))
        await asyncio.gather(*(person.sees() for person in pair))
        await stage.settled("notice = 'membership:validated'")

    assert await stage.rows("SELECT count(*) FROM audit WHERE event = 'member:validated'") == [(3,)]
    assert await stage.rows("SELECT count(*) FROM outbox WHERE notice = 'membership:validated'") == [(3,)]


async def test_who_was_suspended_by_staff_does_not_confirm_their_way_back(stage: Stage) -> None:
    await stands_at(stage, NOW)
    barred = await stage.joined(50, state=MemberState.SUSPENDED, state_reason="complaint", state_since=NOW - 100 * DAY)
    async with stage.bot():
        await barred.says("/status")
        standing = await barred.sees("Your membership is suspended")
        assert "Confirm" not in buttons(standing)
        assert "Confirm" not in buttons(await goes(barred, "My profile", "Name:"))
        await forges(barred, ConfirmPost())
        await barred.sees("The secretariat has suspended your membership")
        await barred.says("/profile")
        assert buttons(await barred.sees("My profile")) == ["Back", "Menu"]

    assert await states(stage, 50) == ["suspended"]
    assert await told(stage, 50) == []


async def test_who_is_not_seen_for_half_a_year_rests_until_any_act(stage: Stage) -> None:
    await stands_at(stage, NOW)
    here = {"validated_at": NOW, "last_seen_at": NOW - 180 * DAY}
    idle = await stage.joined(50, "Idle", **here)
    awake = await stage.joined(51, "Awake", **here)
    due = await stage.joined(52, "Due", validated_at=LONG_AGO, last_seen_at=NOW - 400 * DAY)
    async with stage.bot():
        await due.sees("Do you still hold")
        await idle.sees("half a year", "until 25 January 2027")
        await awake.sees("half a year")
        await awake.says("hello")
        await awake.sees("Nothing was found")
        await stands_at(stage, NOW + 14 * DAY)
        await idle.sees("rests")
        assert await states(stage, 50, 51, 52) == ["idle", "active", "due"]
        await goes(idle, "Open the menu", "Send a link")
        assert await states(stage, 50) == ["active"]
        await idle.says("/menu")
        await idle.sees("Send a link")

    events = await stage.rows("SELECT e.event FROM audit e JOIN member m ON m.id = e.subject_id WHERE m.name = 'Idle'")
    assert [event for (event,) in events] == ["member:soon idle", "member:idle", "member:returned"]
    assert [notice for notice, _ in await told(stage, 51)] == ["membership:soon-idle"]


async def test_an_act_is_noted_once_a_day(database: Database) -> None:
    async with database.transaction() as tx:
        member = await members.welcome(tx, 50, "en", "UTC", NOW)
        member.state, member.last_seen_at = MemberState.ACTIVE, NOW
        for hours, noted in ((1, False), (23, False), (24, True), (25, False), (48, True)):
            at = NOW + timedelta(hours=hours)
            assert presence.unnoted(member, at) is noted
            await presence.note(tx, member.id, at)


@given(st.sets(st.integers(1, 150), max_size=9).map(sorted))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_bot_that_is_down_for_long_skips_no_stage_and_never_tells_two_at_once(
    database: Database, days: list[int]
) -> None:
    told: list[tuple[int, list[str]]] = []
    async with database.transaction() as tx:
        member = await members.welcome(tx, 50, "en", "UTC", NOW)
        member.state, member.validated_at, member.last_seen_at = MemberState.ACTIVE, LONG_AGO, NOW
        for day in [0, *days]:
            for _ in range(2):  # a tick that comes twice changes nothing
                await validation.advance(tx, NOW + day * DAY)
            told.append((day, list(await tx.scalars(select(OutboxRow.notice).order_by(OutboxRow.id)))))
        await tx.rollback()

    assert all(notices == STAGES[: len(notices)] for _, notices in told)
    assert all(len(later) - len(earlier) <= 1 for (_, earlier), (_, later) in pairwise([(0, []), *told]))
    firsts = [next(day for day, notices in told if len(notices) > n) for n in range(len(told[-1][1]))]
    apart = [later - earlier for earlier, later in pairwise(firsts)]
    assert all(gap >= least for gap, least in zip(apart, (21, 14, 14, 16), strict=False))


async def test_two_processes_whose_clocks_strike_at_once_tell_everybody_once(
    database: Database, storage_url: str
) -> None:
    other = Database(storage_url)
    async with database.transaction() as tx:
        for n in range(9):
            member = await members.welcome(tx, 50 + n, "en", "UTC", NOW)
            member.state, member.validated_at, member.last_seen_at = MemberState.ACTIVE, LONG_AGO, NOW - 400 * DAY
            if n % 3:
                member.state, member.state_since = MemberState.DUE, NOW - (21 if n % 3 == 1 else 0) * DAY

    async def strikes(where: Database) -> None:
        for advance in (validation.advance, presence.advance):
            async with where.transaction() as tx:
                await advance(tx, NOW)

    for _ in range(3):
        await asyncio.gather(strikes(database), strikes(other), strikes(database))
    await other.close()
    async with database.reading() as tx:
        told = list(await tx.scalars(select(OutboxRow.member_id).where(OutboxRow.notice == "membership:due")))
        found = [member.state for member in await tx.scalars(select(Member))]
    assert sorted(told) == [1, 2, 4, 5, 7, 8]
    assert set(found) == {MemberState.DUE}


async def test_the_last_administrator_is_asked_and_never_suspended(database: Database) -> None:
    async with database.transaction() as tx:
        pair = [await members.welcome(tx, n, "en", "UTC", NOW) for n in (1, 2)]
        for member in pair:
            member.state, member.validated_at = MemberState.ACTIVE, LONG_AGO
            await members.give_role(tx, member.id, Role.ADMINISTRATOR, NOW)
        for day in range(0, 120, 2):
            await validation.advance(tx, NOW + day * DAY)
        await tx.flush()
        states = list(await tx.scalars(select(Member.state).order_by(Member.id)))

    assert states == [MemberState.LEFT, MemberState.DUE]


async def test_posts_are_confirmed_within_reach_and_never_ones_own(database: Database) -> None:
    async with database.transaction() as tx:
        near, far, own = [await members.welcome(tx, n, "en", "UTC", NOW) for n in (50, 51, 52)]
        for member, country in ((near, "KZ"), (far, "KG"), (own, "KZ")):
            member.state, member.state_since, member.country = MemberState.DUE, NOW, country
        await members.give_role(tx, own.id, Office(Role.FOCAL_POINT, country="KZ"), NOW)
        await tx.flush()
        focal = await access.viewer(tx, own.id)
        assert [m.id for m in (await validation.posts(tx, focal, None, 8)).items] == [near.id]
        assert await validation.confirm_posts(tx, focal, [near.id, far.id, own.id], NOW) == 1
        assert await validation.count(tx, focal) == 0
        with pytest.raises(Refusal, match="access:denied"):
            await validation.confirm_posts(tx, await access.viewer(tx, near.id), [far.id], NOW)
        assert [near.state, far.state, own.state] == [MemberState.ACTIVE, MemberState.DUE, MemberState.DUE]
