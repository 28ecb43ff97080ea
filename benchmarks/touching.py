"""Our bot with one tiny feature: `/touch` reads the member and writes one row, in the transaction of its update.

Started by the benchmarks as a process of its own: `python -m benchmarks.touching <configuration>`.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, select, update

from bot import config, logs
from bot.application import Bot
from bot.clock import Clock
from bot.features import FEATURES
from handlers.context import Context
from handlers.feature import Command, Feature
from handlers.language import text
from handlers.screens import Screen
from storage.database import execute
from storage.members import Member

TABLE: Any = Member.__table__
READ = select(TABLE.c.id).where(TABLE.c.id == bindparam("id")).with_for_update()
WRITE = update(TABLE).where(TABLE.c.id == bindparam("id_")).values(reminded_at=bindparam("now"))
NOTED = text("You have touched this.")


async def touch(context: Context) -> None:
    async with context.transaction() as tx:
        account = (await execute(tx, READ, {"id": context.member.id})).scalar_one()
        await execute(tx, WRITE, {"id_": account, "now": context.now})
    await context.send(Screen(context.say(NOTED)))


TOUCHING = Feature(name="touching", commands=(Command("touch", NOTED, touch, hidden=True),))


async def serve(path: Path) -> None:
    loaded = config.load(path)
    logs.set_up(loaded.secrets, json=True)
    bot = Bot(loaded, Clock(), (TOUCHING, *FEATURES))
    gc.collect()
    gc.freeze()  # as `bot run` does
    bot.stop_on_signals()
    await bot.run()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
