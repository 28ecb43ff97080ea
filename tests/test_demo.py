"""The demonstration as its visitors find it: a process of its own, a tour, and a clock that brings the digests."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
from announcers import composes
from cast import goes
from pictures import PLAYS, demonstration, next_monday, play
from story import Control, Person
from test_page import CHROMIUM, browser

PATIENCE = aiohttp.ClientTimeout(total=30)


async def first_mail(control: Control, when: str) -> dict[str, Any]:
    """Set the clock, and return the first mail that comes then."""
    async with aiohttp.ClientSession(timeout=PATIENCE) as session, session.get(f"{control.url}/sandbox/events") as told:
        await control.post("/clock", to=when)
        kind = ""
        async for line in told.content:
            kind = line.decode().removeprefix("event: ").strip() if line.startswith(b"event: ") else kind
            if kind == "mail" and line.startswith(b"data: "):
                return dict(json.loads(line.removeprefix(b"data: ")))
    raise AssertionError("no mail came")


async def announces(control: Control, person: Person) -> None:
    await composes(person, "Annual re-validation", audience=("Country", "Kazakhstan"))
    await goes(person, "Send", "N-2: being sent")
    await control.post("/clock", advance=11)


async def test_the_tour_ticks_to_its_end_and_the_digest_comes_by_mail_to_who_has_no_telegram(tmp_path: Path) -> None:
    async with demonstration() as control:
        await play(control, PLAYS[0])
        author = Person(control, 101)
        await announces(control, author)
        letter = await first_mail(control, next_monday(datetime.fromisoformat((await control.get("/clock"))["now"])))
        await author.sees("N-2: sent")  # at night its readers' mornings had to come first
        assert letter["to"] == "gulshat@example.org"
        assert letter["subject"].startswith("[TLP:GREEN] Demo network: дайджест №")
        for words in ("> Доброе утро!", "ДЕМО — Проверьте свой", "ДЕМО — В Астане", "Не присылать такие письма"):
            assert words in letter["text"]
        await Person(control, 201).sees("Demo network: дайджест №", "ДЕМО — Нужны тренеры")
        await Person(control, 301).sees("Demo network: digest No.", "DEMO — Trainers wanted", "(Russian)")
        stop = letter["stop"].strip("<>")
        assert stop.startswith("http://127.0.0.1:")
        async with aiohttp.ClientSession(timeout=PATIENCE) as session, session.post(stop) as answer:
            assert "Писем больше не будет" in await answer.text()
        assert await control.get("/violations") == []
        if CHROMIUM is not None:
            await sees_the_end(control, tmp_path)


async def sees_the_end(control: Control, folder: Path) -> None:
    """Look at the tour in a real browser, and go from it to the mail."""
    async with browser(folder) as page:
        await page.does("Page.navigate", url=f"{control.url}/?lang=en&people=301&panel=tour")
        await page.finds("document.querySelectorAll('.steps .done').length === 7")
        await page.finds("document.querySelector('.tour progress').value === 7")
        await page.finds("[...document.querySelectorAll('.tour button')].at(-1).click() || true")
        await page.finds("!document.querySelector('#mail').hidden && document.querySelector('.letter iframe')")
        assert not page.complaints
