"""The demonstration: a local Telegram, the real bot as a process of its own, and an invented network."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp

from bot.sandbox.server import Sandbox
from bot.seed import plant
from bot.seed.gathering import Ask, Look, converse, gather, introduce
from bot.seed.people import present
from bot.start import StartError, open_database
from storage.database import Database

TOKEN = "1000001:demo-token-of-the-sandbox"  # noqa: S105 - it opens nothing but the sandbox
USERNAME = "network_demo_bot"
NETWORK = "Demo network"
CONFIG = """\
[telegram]
token = "{token}"
api_url = "{url}"

[storage]
url = "sqlite+aiosqlite:///network.db"

[network]
name = "{network}"
administrators = {administrators}

[admission]
vouches = 1
other_organisation = 0
objection_days = 0

[mail]
host = "127.0.0.1"
port = {mailbox}
security = "none"
sender = "{network} <demo@example.org>"
public_url = "http://{pages}"
listen = "{pages}"
"""


async def play(port: int) -> None:
    """Run the demonstration until it is interrupted; everything it made is removed at the end.

    Raises:
        StartError: the port is taken, or the bot does not start.
    """
    folder = Path(tempfile.mkdtemp(prefix="network-demo-"))
    sandbox = Sandbox(TOKEN, USERNAME, NETWORK)
    try:
        await _open(sandbox, port)
        async with _asking(sandbox) as (ask, look):
            await introduce(ask)
            await _plant(folder, sandbox)
            await _run(folder, sandbox, ask, look)
    finally:
        await sandbox.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def _open(sandbox: Sandbox, port: int) -> None:
    try:
        await sandbox.start(port)
    except OSError:
        raise StartError(f"Port {port} is taken; try another one: make demo PORT={port + 1}.") from None


@asynccontextmanager
async def _asking(sandbox: Sandbox) -> AsyncIterator[tuple[Ask, Look]]:
    async with aiohttp.ClientSession(raise_for_status=True) as session:

        async def ask(path: str, facts: dict[str, Any]) -> Any:
            async with session.post(f"{sandbox.url}/sandbox{path}", json=facts) as answer:
                return await answer.json()

        async def look(path: str) -> Any:
            async with session.get(f"{sandbox.url}/sandbox{path}") as answer:
                return await answer.json()

        yield ask, look


async def _plant(folder: Path, sandbox: Sandbox) -> None:
    staff = [telegram_id for telegram_id, person in present() if person.administrator]
    facts: dict[str, Any] = {"token": TOKEN, "url": sandbox.url, "network": NETWORK, "administrators": staff}
    facts |= {"mailbox": await sandbox.mailbox.start(), "pages": _free()}
    (folder / "config.toml").write_text(CONFIG.format(**facts), encoding="utf-8")
    database = Database(f"sqlite+aiosqlite:///{folder / 'network.db'}")
    try:
        await open_database(database)
        await plant(database, sandbox.world.clock.now(), people=True)
    finally:
        await database.close()


def _free() -> str:
    """Return an address on this machine where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


async def _run(folder: Path, sandbox: Sandbox, ask: Ask, look: Look) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
    bot = await _start(folder, sandbox)
    sys.stdout.write(f"\n  The network is open: {sandbox.url}\n  Ctrl-C ends it.\n\n")
    sys.stdout.flush()
    meeting = asyncio.create_task(_meet(sandbox, ask, look))
    ended, asked = asyncio.create_task(bot.wait()), asyncio.create_task(stop.wait())
    await asyncio.wait([ended, asked], return_when=asyncio.FIRST_COMPLETED)
    meeting.cancel()
    if ended.done():
        asked.cancel()
        raise StartError("The bot ended by itself; its last words stand above.")
    with suppress(ProcessLookupError):
        bot.terminate()
    await ended


async def _start(folder: Path, sandbox: Sandbox) -> asyncio.subprocess.Process:
    command = [sys.executable, "-m", "bot", "run", "--config", str(folder / "config.toml")]
    command += ["--clock", f"{sandbox.url}/sandbox/clock"]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("NETWORK_BOT_")}
    # In a session of its own, so that Ctrl-C reaches the bot once, from here, and not twice.
    return await asyncio.create_subprocess_exec(*command, env=clean, start_new_session=True)


async def _meet(sandbox: Sandbox, ask: Ask, look: Look) -> None:
    """Let the group, the channel and the threads come to be once the bot listens; the rest is whole without them."""
    async with sandbox.api.called:
        await sandbox.api.called.wait_for(lambda: sandbox.updates.polled_at is not None)
    try:
        await gather(ask)
        await converse(ask, look)
    except aiohttp.ClientError as error:
        sys.stderr.write(f"The group of the demonstration is missing: {error}\n")
