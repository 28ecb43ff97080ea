"""The demonstration as its visitors find it: a process of its own, in which the clock brings the digests."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import aiohttp
from pictures import demonstration, next_monday
from story import Control, Person

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


async def test_on_monday_the_digest_comes_in_telegram_and_by_mail_to_who_has_no_telegram() -> None:
    async with demonstration() as control:
        reader = Person(control, 201)
        letter = await first_mail(control, next_monday(datetime.fromisoformat((await control.get("/clock"))["now"])))
        assert letter["to"] == "gulshat@example.org"
        assert letter["subject"].startswith("[TLP:GREEN] Demo network: дайджест №")
        for words in (
            "> Доброе утро!",
            "ДЕМО — Проверьте свой профиль",
            "ДЕМО — В Астане",
            "Не присылать такие письма",
        ):
            assert words in letter["text"]
        await reader.sees("Demo network: дайджест №", "ДЕМО — Нужны тренеры")
        stop = letter["stop"].strip("<>")
        assert stop.startswith("http://127.0.0.1:")
        async with aiohttp.ClientSession(timeout=PATIENCE) as session, session.post(stop) as answer:
            assert "Писем больше не будет" in await answer.text()
        assert await control.get("/violations") == []
