"""Reading what is shared: which type its content has, what it tells of itself, and its text for the search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from telegram.ext import ExtBot

from bot.addresses import Network
from bot.clock import Clock
from bot.reading.files import Files
from bot.reading.glance import Looker, fetcher_of
from bot.reading.pdf import Pdfs
from bot.reading.texts import Texts
from storage.database import Database


class Reading:
    """What looks at things while they are shared, and what reads their texts afterwards."""

    def __init__(self, bot: ExtBot[Any], database: Database, clock: Clock, networks: Sequence[Network]) -> None:
        files = Files(bot)
        self.glance = Looker(files, fetcher_of(networks), Pdfs(), clock.now)
        self.texts = Texts(database, clock, files, fetcher_of(networks, seconds=60.0), Pdfs())
