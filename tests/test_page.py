"""The chat page: whole and of this machine only, in both languages, and alive in a real browser."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import aiosmtplib
import pytest
from story import ROOT, TOKEN, Control, Stage

from bot.sandbox.server import Sandbox
from bot.seed.gathering import CHANNEL, GROUP, gather, introduce

PAGE = ROOT / "bot" / "sandbox" / "page"
FILES = sorted(path.relative_to(PAGE).as_posix() for path in PAGE.rglob("*") if path.is_file())
TYPES = {".js": {"text/javascript", "application/javascript"}, ".css": {"text/css"}, ".html": {"text/html"}}
CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--remote-debugging-port=0",
]
PATIENCE = 20.0
BODY = "Stop them: (http://127.0.0.1:1/stop/x)"
HOSTILE = "<img src=x onerror=alert(1)>"
SEEN = """
new Promise((done) => {
  const look = () => { const found = (%s); if (found) { observer.disconnect(); done(found); } };
  const observer = new MutationObserver(look);
  observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  look();
})
"""


def written(file: str) -> str:
    return (PAGE / file).read_text(encoding="utf-8")


def keys(language: str) -> list[str]:
    return re.findall(r"^  (\w+):", written(f"words/{language}.js"), re.MULTILINE)


@pytest.mark.parametrize("file", FILES)
async def test_every_file_is_served_as_what_it_is(control: Control, file: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{control.url}/page/{file}") as answer:
        assert answer.status == 200
        assert answer.content_type in TYPES[Path(file).suffix]
        assert await answer.text() == written(file)


@pytest.mark.parametrize("file", FILES)
def test_no_file_asks_anything_of_another_host(file: str) -> None:
    text = written(file)
    asked = re.findall(r"""(?:import|from) "(.*?)"|(?:src|href)="(.*?)"|(?:url\(|@import)\s*(\S*)""", text)
    assert all(one.startswith(("/page/", "data:")) for found in asked for one in found if one)
    assert all(one.startswith("/sandbox") for one in re.findall(r"""(?:fetch|EventSource)\(["`](.*?)["`]""", text))


@pytest.mark.parametrize("file", FILES)
def test_no_file_makes_markup_or_handlers_of_text(file: str) -> None:
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|\son\w+=", written(file))


def test_both_languages_have_the_same_words() -> None:
    assert keys("en") == keys("ru")
    assert len(keys("en")) == len(set(keys("en")))


def test_every_word_that_the_page_says_is_there() -> None:
    said = set[str]()
    for file in FILES:
        said.update(re.findall(r"""\bsay\("(\w+)"|data-(?:say|label)="(\w+)""", written(file)))
    wanted = {word for pair in said for word in pair if word}
    assert wanted
    assert wanted <= set(keys("en"))


def test_no_script_outgrows_a_screenful_or_two() -> None:
    assert all(len(written(file).splitlines()) <= 250 for file in FILES)


async def demonstrated(control: Control) -> None:
    async def ask(path: str, facts: dict[str, Any]) -> Any:
        return await control.post(path, **facts)

    await introduce(ask)
    await gather(ask)


async def test_a_member_sees_groups_topics_and_what_is_unread_there(control: Control) -> None:
    await demonstrated(control)
    private, group, channel = await control.get("/users/201/chats")
    assert [one["chat"].get("title") for one in (private, group, channel)] == [None, GROUP, CHANNEL]
    media = group["topics"][-1]
    assert media["unread"] == 2  # the topic's beginning, and one who wrote before
    last, chat = media["last_message"]["message_id"], group["chat"]["id"]
    await control.post("/users/201/read", chat=chat, thread=media["message_thread_id"], message_id=last)
    _, group, _ = await control.get("/users/201/chats")
    assert [topic["unread"] for topic in group["topics"]] == [2, 3, 0]


async def test_a_newcomer_asks_to_join_and_the_owner_lets_them_in(control: Control) -> None:
    await demonstrated(control)
    door, open_door = await control.get("/users/301/doors")
    assert (door["asks"], open_door["asks"]) == (True, False)
    await control.post("/users/301/join", invite_link=door["invite_link"])
    door, _ = await control.get("/users/301/doors")
    assert door["waiting"]
    group = (await control.get("/users/101/chats"))[1]
    assert [request["user"]["id"] for request in group["waiting"]] == [301]
    await control.post("/users/101/approve", chat=group["chat"]["id"], user=301)
    assert [one["chat"].get("title") for one in await control.get("/users/301/chats")] == [None, GROUP]


async def test_an_armed_fault_is_told_until_it_struck_or_was_cleared(control: Control) -> None:
    await control.post("/faults", kind="500", method="sendMessage")
    assert [one["kind"] for one in await control.get("/faults")] == ["500"]
    await control.delete("/faults")
    assert await control.get("/faults") == []


class Browser:
    """Chromium without a window, spoken to over the DevTools protocol."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers: Iterator[int] = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.complaints: list[str] = []
        self.asked: set[str] = set()

    async def listen(self) -> None:
        async for message in self._socket:
            told = json.loads(message.data)
            if "id" in told:
                self._waiting.pop(told["id"]).set_result(told)
            else:
                self._note(told["method"], told["params"])

    async def does(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        async with asyncio.timeout(PATIENCE):
            told = await answer
        assert "error" not in told, told
        return dict(told["result"])

    async def finds(self, expression: str) -> Any:
        """Wait until an expression is true on the page, and return what it is."""
        try:
            told = await self.does(
                "Runtime.evaluate", expression=SEEN % expression, awaitPromise=True, returnByValue=True
            )
        except TimeoutError:
            text = await self.does("Runtime.evaluate", expression="document.body.innerText")
            raise AssertionError(f"{expression} not seen on:\n{text['result']['value']}") from None
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    async def clicks(self, label: str) -> None:
        button = (
            f"[...document.querySelectorAll('.chat button')].find((one) => one.textContent === {json.dumps(label)})"
        )
        await self.finds(f"{button} && ({button}.click(), true)")

    async def writes(self, text: str) -> None:
        await self.finds(
            "document.querySelector('textarea').offsetParent && !document.querySelector('textarea').focus()"
        )
        await self.does("Input.insertText", text=text)
        key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"}
        await self.does("Input.dispatchKeyEvent", type="keyDown", **key)

    def _note(self, event: str, facts: dict[str, Any]) -> None:
        if event == "Runtime.exceptionThrown":
            self.complaints.append(str(facts["exceptionDetails"]))
        if event == "Log.entryAdded" and facts["entry"]["level"] == "error":
            self.complaints.append(str(facts["entry"]))
        if event == "Runtime.consoleAPICalled" and facts["type"] == "error":
            self.complaints.append(str(facts["args"]))
        if event == "Network.requestWillBeSent":
            self.asked.add(facts["request"]["url"])


@asynccontextmanager
async def browser(folder: Path) -> AsyncIterator[Browser]:
    assert CHROMIUM is not None
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={folder / 'profile'}", "about:blank"]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(PATIENCE):
            port = await _port(process.stderr)
        rest = asyncio.create_task(process.stderr.read())
        async with aiohttp.ClientSession() as session, session.ws_connect(await _tab(session, port)) as socket:
            driven = Browser(socket)
            listening = asyncio.create_task(driven.listen())
            for domain in ("Page", "Runtime", "Network", "Log"):
                await driven.does(f"{domain}.enable")
            yield driven
            await socket.close()
            await listening
    finally:
        process.terminate()
        await process.wait()
    await rest


async def _port(stderr: asyncio.StreamReader) -> int:
    async for line in stderr:
        found = re.search(rb"ws://127\.0\.0\.1:(\d+)/", line)
        if found:
            return int(found[1])
    raise AssertionError("the browser did not start")


async def _tab(session: aiohttp.ClientSession, port: int) -> str:
    async with session.get(f"http://127.0.0.1:{port}/json") as answer:
        return next(str(tab["webSocketDebuggerUrl"]) for tab in await answer.json() if tab["type"] == "page")


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not on the PATH: the page is not tried in a browser")
async def test_a_newcomer_starts_and_presses_in_a_real_browser(control: Control, tmp_path: Path) -> None:
    stage = Stage(control, tmp_path, f"sqlite+aiosqlite:///{tmp_path / 'network.db'}")
    await control.post(
        "/users", id=301, first_name="Saltanat", language_code="en", role="newcomer", zone="Asia/Tashkent"
    )
    async with stage.bot(), browser(tmp_path) as page:
        await page.does("Page.navigate", url=f"{control.url}/?people=301&lang=en&panel=calls")
        await page.clicks("Start")
        question = await page.finds(message("Please choose your language"))
        await page.clicks("English")
        assert await page.finds(f"{message('Test network')} === {question!r} && {message('edited')}") == question
        await page.writes(HOSTILE)
        own = "[...document.querySelectorAll('.own .words')].at(-1)"
        await page.finds(f"{own}.textContent === {json.dumps(HOSTILE)}")
        assert await page.finds(f"{own}.children.length === 0")
        await page.finds(
            "[...document.querySelectorAll('.journal b')].some((one) => one.textContent === 'editMessageText')"
        )
        assert not page.complaints
        assert page.asked
        assert {urlsplit(one).hostname for one in page.asked if not one.startswith("data:")} == {"127.0.0.1"}


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not on the PATH: the page is not tried in a browser")
async def test_a_letter_is_read_in_a_real_browser_in_both_its_forms(tmp_path: Path) -> None:
    sandbox = Sandbox(TOKEN, "network_test_bot", "Test network")
    await sandbox.start()
    client = aiosmtplib.SMTP(hostname="127.0.0.1", port=await sandbox.mailbox.start(), start_tls=False)
    try:
        async with browser(tmp_path) as page, client:
            await page.does("Page.navigate", url=f"{sandbox.url}/?lang=en&panel=mail")
            await page.finds("document.body?.innerText.includes('No letter yet')")
            await client.send_message(letter(HOSTILE))
            row = "document.querySelector('.letter-row.unread')"
            await page.finds(f"{row}?.textContent.startsWith({json.dumps(HOSTILE)}) && ({row}.click(), true)")
            await page.finds("document.querySelector('.letter iframe')?.src.endsWith('/sandbox/mails/1')")
            await page.finds(f"!{row} && document.querySelector('#unread').hidden")
            await page.finds("[...document.querySelectorAll('.letter button')].at(-1).click() || true")
            await page.finds("document.querySelector('.letter pre a').href === 'http://127.0.0.1:1/stop/x'")
            assert await page.finds("document.querySelector('.letter pre').textContent.trim()") == BODY
            assert not page.complaints
            assert {urlsplit(one).hostname for one in page.asked if not one.startswith("data:")} == {"127.0.0.1"}
    finally:
        await sandbox.stop()


def letter(subject: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@example.org", "b@example.org", subject
    message["Date"] = "Mon, 30 Nov 2026 09:00:00 +0500"
    message.set_content(BODY)
    message.add_alternative("<p>Stop</p>", subtype="html")
    return message


def message(text: str) -> str:
    """Return an expression for the id of the bubble of the bot that says something."""
    return (
        "[...document.querySelectorAll('.message:not(.own)')]"
        f".find((one) => one.textContent.includes({json.dumps(text)}))?.dataset.id"
    )
