"""A lean Bot API for measuring: it counts and times what arrives, and is never the slow side.

Usage: python -m benchmarks.telegram [--port N]    serve until it is ended; the port is printed first
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import re
from typing import Any

from benchmarks.world import FIXED, TRUE, World

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)


class Connection(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        self._transport = None
        if self._world.polling is not None and self._world.polling[0] is self:
            self._world.polling = None

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        while (request := self._next()) is not None:
            self._take(*request)

    def _next(self) -> tuple[bytes, bytes] | None:
        """Cut the next whole request off the buffer: its path and its body."""
        buffer = self._buffer
        end = buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        path = buffer[: buffer.find(b"\r\n")].split(b" ", 2)[1]
        found = _LENGTH.search(buffer, 0, end)
        if found is None and _CHUNKED.search(buffer, 0, end + 2):
            return self._chunks(path, end + 4)
        until = end + 4 + (int(found[1]) if found else 0)
        if len(buffer) < until:
            return None
        self._buffer = buffer[until:]
        return path, buffer[end + 4 : until]

    def _chunks(self, path: bytes, at: int) -> tuple[bytes, bytes] | None:
        body = b""
        while (line := self._buffer.find(b"\r\n", at)) >= 0:
            size = int(self._buffer[at:line].split(b";")[0], 16)
            after = line + 2 + size + 2
            if len(self._buffer) < after:
                return None
            if size == 0:
                self._buffer = self._buffer[after:]
                return path, body
            body, at = body + self._buffer[line + 2 : after - 2], after
        return None

    def _take(self, path: bytes, body: bytes) -> None:
        world, name = self._world, path.rsplit(b"/", 1)[1].split(b"?", 1)[0]
        if name == b"sendMessage":
            said: bytes | None = world.message(body)
        elif name == b"editMessageText":
            said = world.edit(body)
        elif name == b"answerCallbackQuery":
            said = world.answer(body)
        elif name == b"getUpdates":
            said = world.poll(body, self)
        elif path.startswith(b"/control/"):
            said = self._control(name.decode(), json.loads(body or b"{}"))
        else:
            said = FIXED.get(name, TRUE)
        if said is None:
            return
        if world.delay and name != b"getUpdates" and not path.startswith(b"/control/"):
            asyncio.get_running_loop().call_later(world.delay, self.say, said)
        else:
            self.say(said)

    def _control(self, name: str, asked: dict[str, Any]) -> bytes | None:
        world = self._world
        if name == "wait":  # until a figure reaches a number
            world.wanted = (asked["figure"], int(asked["number"]), self)
            world.look()  # it may be reached already
            return None
        known = (world.reset, world.begin, world.statistics, world.latencies, world.fill)
        asked_for = next(one for one in known if one.__name__ == name)
        return json.dumps(asked_for(asked)).encode()

    def say(self, body: bytes) -> None:
        if self._transport is not None:
            status = b"429 Too Many Requests" if body.startswith(b'{"ok":false') else b"200 OK"
            head = b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
            self._transport.write(head + body)


async def serve(port: int) -> None:
    """Serve until the process is ended."""
    world = World()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(world), "127.0.0.1", port, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    gc.freeze()
    gc.disable()
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    asyncio.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
