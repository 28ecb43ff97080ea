"""The guard: looks again and again whether the service works, and raises an alarm once where it does not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from sqlalchemy import make_url

from bot.clock import Clock
from bot.config import Loaded
from bot.guard.guarding import Guard
from bot.guard.signs import DeadLetters, Disk, Hook, Rival, Sign, Silence
from bot.guard.urgent import Urgent
from bot.health import Watch
from bot.mail import Mailing
from bot.transport import Answer
from handlers.context import Policy
from storage.alarms import Ways
from storage.database import Database

__all__ = ["Guard", "guarding"]


def guarding(
    loaded: Loaded,
    policy: Policy,
    ask: Callable[[], Awaitable[Answer]],
    watch: Watch,
    database: Database,
    clock: Clock,
    mailing: Mailing | None,
) -> Guard:
    """Return the guard of a process; `ask` asks Telegram about the webhook (`getWebhookInfo`)."""
    outside = tuple(loaded.settings.health.alert_addresses)
    ways = Ways(policy.mail, outside, policy.default_language)
    hooked = loaded.settings.telegram.mode == "webhook"
    signs: list[Sign] = [Silence(watch), Rival(watch, hooked=hooked), DeadLetters(database, clock, watch)]
    if hooked and loaded.settings.webhook.public_url is not None:
        signs.append(Hook(ask, loaded.settings.webhook.public_url, watch))
    file = make_url(loaded.storage_url)
    if file.get_backend_name() == "sqlite" and file.database:
        signs.append(Disk(Path(file.database), watch))
    return Guard(signs, watch, database, clock, ways, Urgent(mailing, policy, outside))
