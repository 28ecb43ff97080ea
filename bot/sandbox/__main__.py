"""`python -m bot.sandbox`: a local Telegram on its own."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from bot.sandbox.server import Sandbox


async def _serve(options: argparse.Namespace) -> None:
    sandbox = Sandbox(options.token, options.username, options.name)
    await sandbox.start(options.port)
    sys.stdout.write(f"sandbox ready {sandbox.url}\n")
    sys.stdout.flush()
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await stop.wait()
    await sandbox.stop()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bot.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default="1000001:demo-token")
    parser.add_argument("--username", default="network_demo_bot")
    parser.add_argument("--name", default="Network bot")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(_serve(_options()))
