"""The whole product in one story: apply, be approved, follow, share, find, be told, read the digest."""

from __future__ import annotations

import asyncio
import random

import pytest
from announcers import composes, leaves
from story import Person, Stage, written


async def applies(person: Person, name: str = "Saltanat Demo") -> None:
    """Fill the application form to the end."""
    await person.starts()
    await person.sees("choose your language")
    await person.taps("English")
    await person.sees("A community of practitioners")
    await person.taps("Apply")
    await person.sees("1 of 7", "The terms")
    await person.taps("Accept")
    await person.sees("2 of 7")
    await person.says(name)
    await person.sees("3 of 7")
    await person.says("Demo Institute")
    await person.sees("4 of 7")
    await person.taps("Academia")
    await person.sees("5 of 7")
    await person.taps("Kazakhstan")
    await person.sees("6 of 7")
    await person.taps("Skip")
    await person.sees("7 of 7")
    await person.says("Media training")
    await person.sees("read it once more", name, "Demo Institute", "Kazakhstan", "Media training")
    await person.taps("Submit")
    await person.sees("was sent")


async def lives_through_the_product(stage: Stage) -> None:
    """Play everything, with the bot already there."""
    administrator = await stage.person(1, "Maral")
    newcomer = await stage.person(50, "Saltanat")
    await administrator.starts()
    await administrator.taps("English")
    await administrator.sees("Test network")

    await applies(newcomer)
    await administrator.sees("Application", "Saltanat Demo")
    await administrator.taps("Approve")
    await administrator.sees("Approved by")
    await newcomer.sees("Welcome to Test network")

    await newcomer.says("/topics")
    await newcomer.sees("Topics.")
    await newcomer.taps("Media and communication")
    await newcomer.sees("Media and communication", "You do not follow")
    await newcomer.taps("Subscribe")
    await newcomer.sees("You follow it in your digest")

    await newcomer.says("https://example.org/paper?utm_source=x")
    await newcomer.sees("Traffic Light Protocol")
    await newcomer.taps("TLP:GREEN")
    await newcomer.sees("Which topic")
    await newcomer.taps("Media and communication")
    await newcomer.sees("What is its title?")
    await newcomer.says("Reporting with care")
    await newcomer.sees("read it once more", "Reporting with care")
    await newcomer.taps("Confirm and share")
    shared = await newcomer.sees("Thank you", "Reporting with care")
    assert written(shared).startswith("TLP:GREEN")
    assert shared["has_protected_content"]

    await newcomer.says("reporting care")
    await newcomer.sees("Found for", "Reporting with care")

    await composes(administrator, "Annual re-validation", text="It is open until <15 December>.")
    await administrator.taps("Send")
    await administrator.sees("being sent")
    await leaves(stage)
    await newcomer.sees("Annual re-validation", "<15 December>")
    await administrator.sees("sent")

    await newcomer.says("/digest now")
    await newcomer.sees("Reporting with care")

    await stage.control.post("/clock", advance=8 * 86_400)
    await newcomer.sees("Annual re-validation")


async def test_a_newcomer_lives_through_the_product(stage: Stage) -> None:
    async with stage.bot():
        await lives_through_the_product(stage)


async def test_the_bot_is_a_process_of_its_own_and_its_log_holds_nobody_s_words(stage: Stage) -> None:
    process = await stage.process()
    await lives_through_the_product(stage)
    code = await process.stop()

    assert code == 0, stage.log()
    assert '"ready"' in stage.log()
    for words in ("Saltanat", "Demo Institute", "Reporting with care", "re-validation", "example.org"):
        assert words not in stage.log()


@pytest.mark.timeout(240)
async def test_a_power_cut_after_every_step_changes_nothing(stage: Stage) -> None:
    processes = [await stage.process()]
    moments = random.Random(2026)  # noqa: S311 - the same moments each time

    async def power_cut() -> None:
        await asyncio.sleep(moments.choice((0, 0.002, 0.01, 0.05)))  # before, while or after it is handled
        await processes[-1].kill()
        await stage.control.post("/clock", advance=6)  # the power is away for longer than a lease
        processes.append(await stage.process())

    stage.settings["delivery"] = {"lease_seconds": 5}
    stage.interlude = power_cut
    try:
        await lives_through_the_product(stage)
    finally:
        await processes[-1].kill()
    assert len(processes) > 30


@pytest.mark.parametrize("storage_url", ["postgresql"], indirect=True)
async def test_the_other_driver_of_postgresql_carries_the_product_as_well(stage: Stage) -> None:
    stage.storage_url = stage.storage_url.replace("postgresql://", "postgresql+asyncpg://")
    async with stage.bot():
        await lives_through_the_product(stage)
