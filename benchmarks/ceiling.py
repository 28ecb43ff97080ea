"""What the Bot API of the measurements can take itself, from a client that does nothing else.

Usage: python -m benchmarks.ceiling
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import Any

from benchmarks.processes import Telegram

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Loop(asyncio.Protocol):
    """A client that asks again as soon as it is answered."""

    def __init__(self, requests: list[bytes], done: asyncio.Event) -> None:
        self._requests = requests
        self._done = done
        self._buffer = b""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        if self._requests:
            self._transport.write(self._requests.pop())
        else:
            self._done.set()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end >= 0 and (found := _LENGTH.search(self._buffer, 0, end)):
            until = end + 4 + int(found[1])
            if len(self._buffer) >= until:
                self._buffer = self._buffer[until:]
                self._ask()


async def taken(port: int, requests: int = 60_000, connections: int = 32) -> float:
    """Return how many messages a second the server takes from a client that does nothing else."""
    body = json.dumps({"chat_id": 9_000_001, "text": "A meeting takes place on Tuesday. " * 5, "parse_mode": "HTML"})
    head = f"POST /bot1:a/sendMessage HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    waiting = [(head + body).encode()] * requests
    done = asyncio.Event()
    began = time.perf_counter()
    loop = asyncio.get_running_loop()
    transports = [
        (await loop.create_connection(lambda: Loop(waiting, done), "127.0.0.1", port))[0] for _ in range(connections)
    ]
    await done.wait()
    taken = time.perf_counter() - began
    for transport in transports:
        transport.close()
    return requests / taken


async def ceiling() -> float:
    """Return how many messages a second the Bot API takes."""
    async with Telegram() as telegram:
        return await taken(int(telegram.url.rpartition(":")[2]))


if __name__ == "__main__":
    print(f"{asyncio.run(ceiling()):,.0f} messages a second over 32 connections")
