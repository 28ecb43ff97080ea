"""People who type and tap in the sandbox: the front door of every story."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

PATIENCE = 15.0


class RefusedError(AssertionError):
    """The sandbox did not let somebody do this."""


class Control:
    """The sandbox's control API."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    async def get(self, path: str, **query: Any) -> Any:
        async with self._session.get(f"{self.url}/sandbox{path}", params=query) as answer:
            return await self._read(answer)

    async def post(self, path: str, **body: Any) -> Any:
        async with self._session.post(f"{self.url}/sandbox{path}", json=body) as answer:
            return await self._read(answer)

    async def put(self, path: str, **body: Any) -> Any:
        async with self._session.put(f"{self.url}/sandbox{path}", json=body) as answer:
            return await self._read(answer)

    async def file(self, file_id: str) -> bytes:
        """Return what a file of a chat holds."""
        async with self._session.get(f"{self.url}/sandbox/files/{file_id}") as answer:
            assert answer.status == 200, await answer.text()
            return await answer.read()

    async def delete(self, path: str) -> Any:
        async with self._session.delete(f"{self.url}/sandbox{path}") as answer:
            return await self._read(answer)

    async def _read(self, answer: aiohttp.ClientResponse) -> Any:
        body = await answer.json()
        if answer.status != 200:
            raise RefusedError(f"{answer.url.path}: {answer.status} {body}")
        return body


@dataclass
class Person:
    """Somebody with a Telegram account; `chat` is where they look and type (their private chat at first).

    `interlude` is what happens to the bot after each deed, before it is looked at.
    """

    control: Control
    id: int
    interlude: Callable[[], Awaitable[None]] | None = None
    patience: float = PATIENCE
    since: int = 0
    chat: int = 0
    seen: dict[int, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chat = self.chat or self.id

    async def starts(self, payload: str | None = None) -> None:
        await self._look()
        await self._does("start", **({"payload": payload} if payload else {}))

    async def says(self, text: str) -> dict[str, Any]:
        await self._look()
        return await self._does("send", chat=self.chat, text=text)

    async def sends(self, **content: Any) -> dict[str, Any]:
        await self._look()
        return await self._does("send", chat=self.chat, **content)

    async def taps(self, label: str, *, on: str = "") -> None:
        """Press the newest button whose label contains `label`, on a message that contains `on`, once it is there.

        A button that the bot takes away under the finger is looked for again.
        """
        deadline = asyncio.get_running_loop().time() + self.patience
        after = await self._look()
        while not await self._pressed(self._button(label, on)):
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                raise AssertionError(f"no button {label!r} in:\n{self.transcript()}")
            after = await self._look(after=after, timeout=left)

    async def _pressed(self, button: dict[str, Any] | None) -> bool:
        if button is None:
            return False
        change = await self._look()
        try:
            await self._does("press", chat=self.chat, **button)
        except RefusedError:
            if await self._look() == change:
                raise
            return False
        return True

    def _button(self, label: str, on: str) -> dict[str, Any] | None:
        for message in sorted(self.seen.values(), key=lambda m: -m["change"]):
            for button in (b for row in message.get("reply_markup", {}).get("inline_keyboard", []) for b in row):
                if label in button["text"] and on in written(message) and "callback_data" in button:
                    return {"message_id": message["message_id"], "data": button["callback_data"]}
        return None

    async def sees(self, *fragments: str) -> dict[str, Any]:
        """Wait for a message of the bot, new or edited since the last deed, that contains all fragments."""
        deadline = asyncio.get_running_loop().time() + self.patience
        after = self.since
        while True:
            for message in self.seen.values():
                if message["change"] > self.since and self._answers(message, fragments):
                    return message
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                raise AssertionError(f"{fragments} not seen in:\n{self.transcript()}")
            after = await self._look(after=after, timeout=left)

    async def sees_toast(self, fragment: str) -> None:
        """Wait for a short note over the chat that answers a pressed button."""
        deadline = asyncio.get_running_loop().time() + self.patience
        after = self.since
        while asyncio.get_running_loop().time() < deadline:
            path = f"/users/{self.id}/chats/{self.chat}/messages"
            found = await self.control.get(path, after=after, timeout=1)
            if any(fragment in (a.get("text") or "") for a in found["callback_answers"]):
                return
            after = max(after, found["change"])
        raise AssertionError(f"no note {fragment!r}")

    async def does(self, deed: str, **facts: Any) -> Any:
        await self._look()
        return await self._does(deed, **facts)

    async def looks(self) -> None:
        """See what stands in the chat now; what comes later is new."""
        await self._look()

    def transcript(self) -> str:
        """Return what the person sees, for a failure's message."""
        rows = []
        for message in sorted(self.seen.values(), key=lambda m: m["message_id"]):
            buttons = [b["text"] for r in message.get("reply_markup", {}).get("inline_keyboard", []) for b in r]
            rows.append(f"#{message['message_id']} ~{message['change']} {written(message)!r} {buttons}")
        return "\n".join(rows)

    def _answers(self, message: dict[str, Any], fragments: tuple[str, ...]) -> bool:
        return message["from"]["is_bot"] and all(f in written(message) for f in fragments)

    async def _does(self, deed: str, **facts: Any) -> Any:
        done = await self.control.post(f"/users/{self.id}/{deed}", **facts)
        if self.interlude is not None:
            await self.interlude()
        return done

    async def _look(self, after: int | None = None, timeout: float = 0) -> int:  # noqa: ASYNC109 - the server waits
        path = f"/users/{self.id}/chats/{self.chat}/messages"
        found = await self.control.get(path, after=self.since if after is None else after, timeout=timeout)
        for message in found["messages"]:
            if message.get("deleted"):
                self.seen.pop(message["message_id"], None)
            else:
                self.seen[message["message_id"]] = message
        if after is None:
            self.since = found["change"]
        return int(found["change"])


def written(message: dict[str, Any]) -> str:
    return str(message.get("text") or message.get("caption") or "")


def buttons(message: dict[str, Any]) -> list[str]:
    return [b["text"] for row in message.get("reply_markup", {}).get("inline_keyboard", []) for b in row]
