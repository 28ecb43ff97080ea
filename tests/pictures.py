"""Takes the README's pictures: plays the demonstration and photographs its page, in English and in Russian."""

from __future__ import annotations

import asyncio
import base64
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import aiohttp
from story import ROOT, Control, Person, environment, free_port
from test_page import Browser, browser

PICTURES = ROOT / "tests" / "pictures"
SIZE = {"width": 1440, "height": 900, "deviceScaleFactor": 1, "mobile": False}


@dataclass(frozen=True)
class Play:
    """The same story in one language: who plays, and what they press and write."""

    language: str
    newcomer: int
    voucher: int
    administrator: int
    words: dict[str, str]


ENGLISH = {
    "speak": "English", "apply": "Apply", "accept": "Accept", "name": "Saltanat Demo", "place": "Demo Institute",
    "kind": "Academia", "country": "Uzbekistan", "motive": "Training of editors",
    "topic": "Media and communication", "vouch": "I have worked with them",
    "choose": "Choose topics", "follow": "Subscribe",
    "submit": "Submit", "sent": "was sent", "approve": "Approve", "welcome": "Welcome to", "again": "read it once more",
    "link": "https://example.org/care", "title": "Reporting with care", "skip": "Skip", "share": "Confirm and share",
    "thanks": "Thank you",
}  # fmt: skip
RUSSIAN = {
    "speak": "Русский", "apply": "Подать заявку", "accept": "Принять", "name": "Рустам Демо",
    "place": "Институт Демо", "kind": "Наука", "country": "Узбекистан", "motive": "Обучение редакторов",
    "topic": "СМИ и коммуникация", "vouch": "Работал(а) вместе", "choose": "Выбрать темы", "follow": "Подписаться",
    "submit": "Отправить", "sent": "отправлена", "approve": "Одобрить", "welcome": "Добро пожаловать",
    "again": "Проверьте ещё раз",
    "link": "https://example.org/ru/care", "title": "Писать бережно", "skip": "Пропустить",
    "share": "Подтвердить и поделиться", "thanks": "Спасибо",
}  # fmt: skip
PLAYS = (Play("en", 301, 207, 101, ENGLISH), Play("ru", 302, 203, 102, RUSSIAN))


async def play(control: Control, part: Play) -> None:
    """Apply, be vouched for and approved, share a link, and let the clock bring the digest."""
    newcomer, voucher = Person(control, part.newcomer), Person(control, part.voucher)
    administrator = Person(control, part.administrator)
    words = part.words
    await newcomer.starts()
    for press in ("speak", "apply", "accept"):
        await newcomer.taps(words[press])
    for step, answer in (("2", "name"), ("3", "place")):
        await newcomer.sees(step, "7")
        await newcomer.says(words[answer])
    for press, sign in (("kind", "5"), ("country", "6"), ("skip", "7")):
        await newcomer.taps(words[press])
        await newcomer.sees(sign, "7")
    await newcomer.says(words["motive"])
    await newcomer.sees(words["again"])
    await newcomer.taps(words["submit"])
    await newcomer.sees(words["sent"])
    await voucher.taps(words["vouch"], on=words["name"])
    await administrator.taps(words["approve"])
    await newcomer.sees(words["welcome"])
    for press in ("choose", "topic", "follow"):
        await newcomer.taps(words[press])
    await _shares(newcomer, words)


async def _shares(person: Person, words: dict[str, str]) -> None:
    await person.says(words["link"])
    for press, sign in (("TLP:GREEN", "3"), (words["topic"], "4")):
        await person.taps(press)
        await person.sees(sign, "4")
    await person.says(words["title"])
    await person.sees(words["again"])
    await person.taps(words["share"])
    await person.sees(words["thanks"])


@asynccontextmanager
async def demonstration() -> AsyncIterator[Control]:
    """Run `network-bot demo` until the block ends."""
    port = free_port()
    command = [sys.executable, "-m", "bot", "demo", "--port", str(port)]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=environment(), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        while b"is open" not in (line := await process.stdout.readline()):
            assert line, "the demonstration ended by itself"
        async with aiohttp.ClientSession() as session:
            yield Control(f"http://127.0.0.1:{port}", session)
    finally:
        process.terminate()
        await process.wait()


async def photograph(page: Browser, url: str, sign: str) -> bytes:
    """Open a view of the page and return its picture, a PNG, once it shows `sign`."""
    await page.does("Emulation.setDeviceMetricsOverride", **SIZE)
    await page.does("Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": "reduce"}])
    await page.does("Page.navigate", url=url)
    drawn = "document.fonts.status === 'loaded' && document.querySelectorAll('.steps li').length === 7"
    await page.finds(f"document.body?.innerText.includes({sign!r}) && {drawn}")
    shot = await page.does("Page.captureScreenshot", format="png")
    return base64.b64decode(shot["data"])


def next_monday(now: datetime) -> str:
    """Return when it is 09:00 of the next Monday for most members, at UTC+5."""
    at = datetime.combine(now.date() + timedelta(days=-now.weekday() % 7), time(4), UTC)
    return (at if at > now else at + timedelta(days=7)).isoformat()


async def taken() -> dict[str, bytes]:
    """Return one picture a language."""
    pictures: dict[str, bytes] = {}
    async with demonstration() as control:
        for part in PLAYS:
            await play(control, part)
        await control.post("/clock", to=next_monday(datetime.fromisoformat((await control.get("/clock"))["now"])))
        for part in PLAYS:
            await Person(control, part.newcomer).sees("— ", "TLP:GREEN", part.words["title"])
        with tempfile.TemporaryDirectory() as folder:
            async with browser(Path(folder)) as page:
                for part in PLAYS:
                    people = f"{part.newcomer},{part.administrator}"
                    url = f"{control.url}/?lang={part.language}&people={people}&panel=tour"
                    pictures[part.language] = await photograph(page, url, part.words["title"])
    return pictures


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    for language, picture in asyncio.run(taken()).items():
        (PICTURES / f"demo-{language}.png").write_bytes(picture)
