"""The demonstration: a local Telegram, the real bot as a process of its own, and an invented network."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

from bot.application import StartError, open_database
from bot.sandbox.server import Sandbox
from bot.seed import plant
from bot.seed.people import NEWCOMERS, PEOPLE
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
        await _plant(folder, sandbox)
        await _run(folder, sandbox)
    finally:
        await sandbox.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def _open(sandbox: Sandbox, port: int) -> None:
    try:
        await sandbox.start(port)
    except OSError:
        raise StartError(f"Port {port} is taken; try another one: make demo PORT={port + 1}.") from None
    for person in PEOPLE:
        first, _, last = person.name.partition(" ")
        facts = {"id": person.telegram_id, "first_name": first, "last_name": last, "language_code": person.language}
        sandbox.world.add_user(facts)
        sandbox.world.chats[person.telegram_id].started = True
    for telegram_id, name, language in NEWCOMERS:
        sandbox.world.add_user({"id": telegram_id, "first_name": name, "language_code": language})


async def _plant(folder: Path, sandbox: Sandbox) -> None:
    staff = [person.telegram_id for person in PEOPLE if person.administrator]
    facts = {"token": TOKEN, "url": sandbox.url, "network": NETWORK, "administrators": staff}
    (folder / "config.toml").write_text(CONFIG.format(**facts), encoding="utf-8")
    database = Database(f"sqlite+aiosqlite:///{folder / 'network.db'}")
    try:
        await open_database(database)
        await plant(database, sandbox.world.clock.now(), people=True)
    finally:
        await database.close()


async def _run(folder: Path, sandbox: Sandbox) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        with suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
    command = [sys.executable, "-m", "bot", "run", "--config", str(folder / "config.toml")]
    command += ["--clock", f"{sandbox.url}/sandbox/clock"]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("NETWORK_BOT_")}
    # In a session of its own, so that Ctrl-C reaches the bot once, from here, and not twice.
    bot = await asyncio.create_subprocess_exec(*command, env=clean, start_new_session=True)
    sys.stdout.write(f"\n  The network is open: {sandbox.url}\n  Ctrl-C ends it.\n\n")
    sys.stdout.flush()
    ended, asked = asyncio.create_task(bot.wait()), asyncio.create_task(stop.wait())
    await asyncio.wait([ended, asked], return_when=asyncio.FIRST_COMPLETED)
    if ended.done():
        asked.cancel()
        raise StartError("The bot ended by itself; its last words stand above.")
    with suppress(ProcessLookupError):
        bot.terminate()
    await ended
