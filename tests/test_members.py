"""Members as staff see them: only within reach, found under any spelling, suspended and let in again, never oneself."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from cast import administrators, forges, goes
from record import comes
from story import Person, Stage, buttons, written

from handlers.staff.card import AskSuspend, Block, Email, HandOver, Reinstate, Roles
from handlers.staff.listing import Aim, AskOffboard, Members, OpenMember
from handlers.staff.log import Acts
from handlers.staff.offboarding import TryAgain
from storage import access, members, staff
from storage.database import Database
from storage.members import MemberState, Office, Role
from storage.membership import Step
from storage.refusals import Refusal
from storage.staff import Shown

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SUSPENDED = (
    "Your membership of Test network is suspended for now. An administrator can tell you more; /status shows where you "
    "stand."
)
KZ = Office(Role.FOCAL_POINT, country="KZ")


async def number(stage: Stage, telegram_id: int) -> int:
    return int((await stage.rows(f"SELECT id FROM member WHERE telegram_id = {telegram_id}"))[0][0])  # noqa: S608


async def events(stage: Stage, telegram_id: int) -> list[str]:
    found = await stage.rows(
        "SELECT event FROM audit a JOIN member m ON m.id = a.subject_id WHERE m.telegram_id = :who ORDER BY a.id",
        who=telegram_id,
    )
    return [event for (event,) in found]


async def acted(stage: Stage, member_id: int) -> None:
    """Let an administrator have suspended and reinstated a member a few times."""
    async with stage.beside() as database, database.transaction() as tx:
        me = await access.viewer(tx, 1)
        for step in (Step.SUSPENDED, Step.REINSTATED) * 6:
            await staff.act(tx, me, member_id, step, NOW)


async def suspends(administrator: Person, member_id: int, reason: str) -> None:
    """Open a member's card, and go as far as the last press."""
    await administrator.says("/members")
    await administrator.sees("Members: Everybody")
    await forges(administrator, OpenMember(member_id))
    await administrator.sees(f"M-{member_id}")
    await administrator.taps("Suspend", on=f"M-{member_id}")
    await administrator.sees("Why do you suspend")
    await administrator.taps(reason)
    await administrator.sees("Suspend ", reason)


async def test_a_focal_point_sees_and_touches_only_their_own_country(stage: Stage) -> None:
    await administrators(stage)
    point = await stage.joined(40, "Focal Demo", roles=[KZ], organisation="Ministry")
    await stage.joined(50, "Жахонгир Demo", organisation="Institute", email="jahongir@example.org")
    await stage.joined(51, "Secret Kyrgyz", country="KG", organisation="Institute")
    for extra in range(8):
        await stage.joined(60 + extra, f"Person {extra}")
    near, far = await number(stage, 50), await number(stage, 51)
    async with stage.bot():
        await point.says("/members")
        first = await point.sees("Those within your reach", "Everybody")
        assert len(buttons(first)) == 8 + 2 + 2 + 1
        second = await goes(point, "›", "Those within your reach")
        everybody = str([*buttons(first), *buttons(second)])
        assert "Жахонгир" in everybody
        assert "Kyrgyz" not in everybody
        await point.taps("Filter")
        chosen = await point.sees("Which members")
        assert not {"Blocked", "Left the network"} & set(buttons(chosen))

        for spelling, found in (("Jaxongir", "1 member found"), ("kyrgyz", "Nobody of that name"), ("…!", "letter")):
            await point.says("/members")
            await point.taps("Search", on="Everybody")
            await point.sees("Whose name")
            await point.says(spelling)
            await point.sees(found)
        await point.says("/cancel")
        await forges(point, OpenMember(near))
        card = await point.sees("Жахонгир Demo", "Institute", "Academia", "Kazakhstan", "active, since")
        assert buttons(card) == ["Off-board", "Back"]
        assert "example.org" not in written(card)

        for press in (OpenMember(far), AskOffboard(far), TryAgain(far), OpenMember(999)):
            await forges(point, press)
            refused = await point.sees("There is no such member within your reach")
            assert "Kyrgyz" not in written(refused)
        await forges(point, AskOffboard(1))
        await point.sees("Only an administrator can do this to an administrator")
        beyond = (Email(near), AskSuspend(near), Block(near, 1), Roles(near), HandOver(near, 0),
                  Acts("all", 0), Members(Aim.SEE, Shown.BLOCKED, 0))  # fmt: skip
        for forged in beyond:
            await forges(point, forged)
            await point.sees("I do not know that")

    assert await stage.rows("SELECT count(*) FROM audit WHERE event LIKE 'member:%'") == [(0,)]


async def test_a_member_is_suspended_reinstated_blocked_and_unblocked_and_told_no_reason(stage: Stage) -> None:
    first, second = await administrators(stage)
    person = await stage.joined(50, "Saltanat Demo", email="saltanat@example.org", topics=["media"])
    member_id = await number(stage, 50)
    async with stage.bot():
        await suspends(first, member_id, "Breach of the terms")
        await first.taps("Suspend", on="Breach")
        told = await person.sees("Your membership of Test network is suspended for now")
        assert "Breach" not in written(told)
        await first.sees("Saltanat Demo", "was suspended", "Removed from 0 groups")
        await person.says("/topics")
        await person.sees("This is for members")

        await second.says("/members")
        await second.taps("Filter", on="Everybody")
        await second.taps("Suspended", on="Which members")
        await second.taps("Saltanat")
        card = await second.sees("suspended, since", "Reason: Breach of the terms")
        assert "example.org" not in written(card)
        await goes(second, "Show the e-mail", "saltanat@example.org", "stands in the audit log")
        await second.taps("Back", on="stands in the audit log")
        await second.sees("M-")
        await goes(second, "Reinstate", "Reinstate", "Saltanat Demo")
        await second.taps("Reinstate", on="at once, and are told")
        await person.sees("You are a member of Test network again")
        await first.says("/menu")
        await first.sees("search the library")
        await forges(first, Reinstate(member_id, 1))
        await first.sees("This has changed meanwhile")

        quiet = max(person.seen)
        await forges(first, OpenMember(member_id))
        await first.sees("M-")
        await goes(first, "Block", "they are not told")
        await first.taps("Block", on="they are not told")
        await first.sees("Saltanat Demo", "was blocked")
        await person.says("/status")
        assert (await person.sees("You have not applied yet"))["message_id"] == quiet + 2
        await forges(first, OpenMember(member_id))
        await goes(first, "Unblock", "may apply again")
        await first.taps("Unblock", on="may apply again")
        await first.sees("Done")

        me = await number(stage, 1)
        for press in (AskSuspend(me), Block(me, 1), AskOffboard(me)):
            await forges(first, press)
            await first.sees("Nobody acts on their own membership")

    assert await events(stage, 50) == [
        "member:suspended", "member:email read", "member:reinstated", "member:blocked", "member:unblocked",
    ]  # fmt: skip
    assert await stage.rows("SELECT state, name FROM member WHERE telegram_id = 50") == [("visitor", "Saltanat Demo")]
    kept = [str(facts) for (facts,) in await stage.rows("SELECT facts FROM audit")]
    assert not [facts for facts in kept if "example" in facts or "Saltanat" in facts]


async def test_of_two_administrators_who_suspend_each_other_at_once_one_stays(stage: Stage) -> None:
    first, second = await administrators(stage)
    one, two = await number(stage, 1), await number(stage, 2)
    async with stage.bot():
        await suspends(first, two, "Breach of the terms")
        await suspends(second, one, "Breach of the terms")
        await asyncio.gather(first.taps("Suspend", on="Breach"), second.taps("Suspend", on="Breach"))
        await comes(stage.control, "sendMessage", text=SUSPENDED)
        states = dict(await stage.rows("SELECT telegram_id, state FROM member ORDER BY id"))
        stays, goes_ = (first, second) if states[1] == "active" else (second, first)
        await goes_.sees("is suspended for now")
        await stays.sees("was suspended")
        await goes_.says("/members")
        await goes_.sees("This is for members")

    assert sorted(s for (s,) in await stage.rows("SELECT state FROM member")) == ["active", "suspended"]
    assert await stage.rows("SELECT problem FROM inbox WHERE problem IS NOT NULL") == []


async def test_however_often_two_administrators_go_for_each_other_the_network_keeps_one(database: Database) -> None:
    async with database.transaction() as tx:
        ids = []
        for telegram_id in (1, 2):
            member = await members.welcome(tx, telegram_id, "en", "UTC", NOW)
            member.state = MemberState.ACTIVE
            await members.give_role(tx, member.id, Role.ADMINISTRATOR, NOW)
            ids.append(member.id)
    one, two = ids

    async def takes(by: int, whom: int) -> None:
        async with database.transaction() as tx:
            me = await staff.acting(tx, by, whom)
            held = await staff.held(tx, whom)
            await staff.take(tx, me, held[0].id if held else 0, NOW)

    async def suspends_(by: int, whom: int) -> None:
        async with database.transaction() as tx:
            await staff.act(tx, await staff.acting(tx, by, whom), whom, Step.SUSPENDED, NOW)

    async def lead() -> list[int]:
        async with database.reading() as tx:
            return [m.id for m in await members.holders(tx, Role.ADMINISTRATOR)]

    for round_ in range(50):
        does = takes if round_ % 2 else suspends_
        ended = await asyncio.gather(does(one, two), does(two, one), return_exceptions=True)
        assert len(await lead()) == 1
        (refused,) = [e for e in ended if e is not None]
        assert isinstance(refused, Refusal), refused
        async with database.transaction() as tx:
            for member_id in ids:
                member = await members.by_id(tx, member_id, lock=True)
                assert member is not None
                member.state = MemberState.ACTIVE
                await members.give_role(tx, member_id, Role.ADMINISTRATOR, NOW)

    async with database.reading() as tx:
        assert await access.viewers(tx, ids)


async def test_an_auditor_reads_who_did_what_by_kind_and_a_number_for_who_was_erased(stage: Stage) -> None:
    await administrators(stage)
    auditor = await stage.joined(41, "Auditor Demo", roles=[Role.AUDITOR])
    person = await stage.joined(50, "Saltanat Demo")
    member_id = await number(stage, 50)
    await acted(stage, member_id)
    async with stage.bot():
        await auditor.says("/audit")
        shown = await auditor.sees("Audit log: all acts", "Maral Demo", "reinstated", "Saltanat Demo")
        assert len(written(shown).splitlines()) == 2 + 10
        await auditor.taps("›")
        shown = await auditor.sees("Audit log: all acts", "suspended")
        assert (len(written(shown).splitlines()), buttons(shown)[:2]) == (2 + 2, ["‹", "2/2"])
        await person.says("/erase")
        await person.taps("Erase my data")
        await person.sees("was erased")
        await auditor.taps("Filter")
        await auditor.sees("Which acts")
        await auditor.taps("Membership")
        shown = await auditor.sees("Audit log: Membership", f"M-{member_id}", "was erased")
        assert "Saltanat" not in written(shown)
        await auditor.taps("Filter")
        await auditor.taps("Seats")
        await auditor.sees("Nothing stands here yet")
        await auditor.says("/members")
        await auditor.sees("I do not know that")
