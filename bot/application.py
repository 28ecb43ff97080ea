"""The composition root: everything is made here and handed down; nothing is made at import."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import Any, TypeVar

from bot import mail, start
from bot.addresses import networks
from bot.charts import ChildCharts
from bot.clock import Clock
from bot.config import Fetch, Loaded
from bot.delivery.rendering import Rendering
from bot.delivery.telegram import telegram_windows
from bot.delivery.window import Window
from bot.errands import Errands
from bot.features import FEATURES
from bot.feeds import Intake
from bot.fetching import Fetcher
from bot.framework import Framework, Notices
from bot.guard import Guard, guarding
from bot.health import HealthServer, Watch
from bot.holiday import working_days
from bot.intake import Polling, WebhookIntake, allowed
from bot.lanes import Lanes
from bot.links import PATIENCE, Links
from bot.logs import log
from bot.profile import Profile
from bot.reading import Reading
from bot.regrets import Regrets
from bot.removals import Removals
from bot.schedule import Schedule, Tick
from bot.shift import Role, Shift
from bot.start import StartError
from bot.sweep import Sweep
from bot.ticks import ticks
from bot.transport import Answer, Wire
from bot.workers import Unfinished, Worker, drained, kept_working, until_cancelled
from handlers.context import Policy, Services
from handlers.feature import Feature
from storage import pause
from storage.database import Database
from storage.workers import Duty

T = TypeVar("T")

LONGEST_LEASE = 15
"""Seconds after which a process that is not seen is taken for dead, where `delivery.lease_seconds` is not less."""

TICKS_AFTER = {
    "staff": "profile", "removals": "removals", "errands": "errands", "feeds": "feeds", "digests": "digest",
}  # fmt: skip
"""Which tick runs at once after a commit that tells of a subject."""

_log = log("bot")


class Bot:
    """The whole process: intake, lanes, clock and delivery around one database."""

    def __init__(
        self,
        loaded: Loaded,
        clock: Clock,
        features: Sequence[Feature] = FEATURES,
        role: Role = Role.ALL,
        watch: Watch | None = None,
    ) -> None:
        os.environ.setdefault("PTB_TIMEDELTA", "1")  # python-telegram-bot then tells waits as it will in future
        self._loaded = loaded
        self._clock = clock
        self._features = features
        self._database = Database(loaded.storage_url)
        self._database.on_damage = lambda error: self.stop(start.damaged(self._database, error))
        self._watch = watch or Watch()
        self._watch.metrics.follow(self._database)
        self._role = role
        seconds = min(loaded.settings.delivery.lease_seconds, LONGEST_LEASE)
        self._shift = Shift(self._database, self._watch, role, self._duties(), seconds)
        self._stopping = asyncio.Event()
        self._problem: str | None = None
        self._rests = True
        self._asks_for = allowed(inline=loaded.settings.library.inline)
        self._polls = self._wire(1)
        self._people = self._wire(32)
        self._letters = self._wire(2 * loaded.settings.delivery.in_flight)

    @property
    def _fetch(self) -> Fetch:
        return self._loaded.settings.fetch

    def _duties(self) -> set[Duty]:
        duties = {Duty.CLOCK, Duty.PACE} if self._role.delivers else set()
        polls = self._role.takes_in and self._loaded.settings.telegram.mode == "polling"
        return duties | ({Duty.POLL} if polls else set())

    def _wire(self, connections: int) -> Wire:
        telegram = self._loaded.settings.telegram
        return Wire(telegram.api_url, self._loaded.token, connections=connections, proxy_url=telegram.proxy_url)

    async def run(self) -> None:
        """Run until `stop`, finish what is in hand, and close.

        Raises:
            StartError: the token, the Bot API or the database cannot be used.
        """
        wires = (self._polls, self._people, self._letters)
        try:
            for wire in wires:
                await wire.start()
            policy = await self._unless_stopped(self._prepare())
            if policy is not None:
                await self._serve(policy)
        finally:
            for wire in wires:
                await wire.close()
            await self._shift.end()
            await self._database.close()
        if self._problem is not None:
            raise StartError(self._problem)

    async def _prepare(self) -> Policy:
        settings = self._loaded.settings
        if not self._database.has_server and self._role is not Role.ALL:
            raise StartError("Only PostgreSQL can be shared: on SQLite one process does everything (--role all).")
        username = await start.greet(self._people, settings.telegram.api_url)
        await self._shift.keep_alone()
        await start.open_database(self._database)
        await start.admit_administrators(self._database, settings.network, self._clock.now())
        policy = start.policy_of(self._loaded, username)
        await start.number_issues(self._database, policy.editing, self._clock.now())
        with start.naming_trouble(self._database):
            await self._shift.begin()
        return policy

    async def _unless_stopped(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Do `work`, or give it up and return None when the process is asked to end meanwhile."""
        working, stopping = asyncio.create_task(work), asyncio.create_task(self._stopping.wait())
        await asyncio.wait([working, stopping], return_when=asyncio.FIRST_COMPLETED)
        working.cancel()
        stopping.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)
        return None if working.cancelled() else working.result()

    def stop(self, problem: str | None = None) -> None:
        """Ask the process to end; with `problem` it ends as failed."""
        self._problem = self._problem or problem
        self._stopping.set()

    async def _serve(self, policy: Policy) -> None:
        framework = Framework(self._loaded, self._features, (self._people, self._polls))
        reading = Reading(framework.bot, self._database, self._clock, networks(self._fetch.private_networks))
        services = Services(
            self._database,
            policy,
            self._clock.now,
            working_days(skip_holidays=policy.skip_holidays),
            reading.glance,
            ChildCharts(),
        )
        regrets = Regrets(self._database, self._people, policy)
        application = framework.application(services, regrets)
        windows, mailing = await self._delivery(framework.notices(), policy)
        lanes = Lanes(self._database, self._clock, application, self._shift.lease, self._watch)
        schedule = Schedule(self._ticks(policy, reading), self._watch, self._shift, self._paused)
        self._wake(schedule, windows)
        async with application, AsyncExitStack() as opened:
            opened.push_async_callback(schedule.stop)
            await self._listen(opened, mailing)
            intake = (await self._unless_stopped(self._intake(regrets)) or []) if self._role.takes_in else []
            await self._tell_ready(policy)
            schedule.start()
            clock, guard = partial(self._clock.follow, partial(_jump, schedule, windows)), self._guard(policy, mailing)
            workers: list[Worker] = [*(w.run for w in windows), clock, guard.run, *intake]
            workers += [self._shift.run, self._shift.listen, *([lanes.run] if self._role.takes_in else [])]
            await self._work(workers, [lanes, *windows])
        _log.info("stopped")

    async def _delivery(self, notices: Notices, policy: Policy) -> tuple[list[Window[Any]], mail.Mailing | None]:
        """Return what delivers, and what of it is mail."""
        follow = {name: notice.landed for name, notice in notices.items() if notice.landed is not None}
        shared = (self.stop, follow, self._shift)
        rendering = Rendering(self._database, notices, policy)
        settings, wires = self._loaded.settings.delivery, (self._people, self._letters)
        windows = telegram_windows(settings, self._database, self._clock, wires, rendering, *shared)
        mailing = None
        if self._role.delivers:
            mailing = await mail.prepared(self._loaded, self._database, self._clock, notices, policy, *shared)
        if mailing is not None:
            windows.append(mailing.window)
        for window in windows:
            window.count = self._watch.metrics.sent
        return windows, mailing

    def _wake(self, schedule: Schedule, windows: Sequence[Window[Any]]) -> None:
        """Let commits, and other duties, wake whoever has to look."""
        for subject, tick in TICKS_AFTER.items():
            self._database.on_commit(subject, partial(schedule.hurry, tick))
        self._shift.on_change(schedule.hurry)
        for window in windows:
            self._shift.on_change(window.hurry)
            self._shift.on_doubt(window.doubt)

    async def _listen(self, opened: AsyncExitStack, mailing: mail.Mailing | None) -> None:
        """Serve what is asked over HTTP until `opened` is closed."""
        listen = self._loaded.settings.health.listen
        if listen is not None:
            health = HealthServer(listen, self._watch, self._database, self._clock)
            opened.push_async_callback(health.stop)
            await start.listen(health, "health.listen")
        if mailing is not None:
            opened.push_async_callback(mailing.close)
            await start.listen(mailing.pages, "mail.listen")

    async def _tell_ready(self, policy: Policy) -> None:
        _log.info("ready", bot=policy.bot_username)
        with start.naming_trouble(self._database):
            paused = await self._paused()
        if paused:
            _log.warning("paused since a restore: `network-bot resume` lets promises leave again")

    async def _work(self, workers: list[Worker], unfinished: Sequence[Unfinished]) -> None:
        tasks = [asyncio.create_task(kept_working(worker)) for worker in workers]
        stopping = asyncio.create_task(self._stopping.wait())
        done, _ = await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
        for task in [*tasks, stopping]:
            task.cancel()
        await asyncio.gather(*tasks, stopping, return_exceptions=True)
        await asyncio.gather(*(drained(one) for one in unfinished))
        for task in done - {stopping}:  # a worker never ends by itself
            error = None if task.cancelled() else task.exception()
            if error is not None:
                raise error

    async def _intake(self, regrets: Regrets) -> list[Worker]:
        settings = self._loaded.settings
        if settings.telegram.mode == "polling":
            await self._ask("deleteWebhook", {"drop_pending_updates": False})
            asks_for, unstored = self._asks_for, regrets.unstored
            polling = Polling(self._polls, self._database, self._clock, self._watch, self._shift, asks_for, unstored)
            return [polling.run]
        self._watch.listening = False
        secret = settings.webhook.secret_token
        if settings.webhook.public_url is None or secret is None:
            raise StartError("telegram.mode is webhook: webhook.public_url and webhook.secret_token are needed.")
        shared, listen = (self._database, self._clock, self._watch), settings.webhook.listen
        server = WebhookIntake(listen, secret.get_secret_value(), *shared, regrets.unstored)
        await start.listen(server, "webhook.listen")
        await self._set_webhook(settings.webhook.public_url, secret.get_secret_value())
        return [partial(until_cancelled, server.stop)]

    async def _set_webhook(self, url: str, secret: str) -> None:
        parameters: dict[str, Any] = {"url": url, "secret_token": secret, "allowed_updates": self._asks_for}
        parameters |= {"max_connections": self._loaded.settings.webhook.max_connections, "drop_pending_updates": False}
        answer = await self._ask("setWebhook", parameters)
        if not answer.ok:
            raise StartError(f"Telegram refuses the webhook: {answer.description}.")

    async def _ask(self, method: str, parameters: dict[str, Any]) -> Answer:
        return await start.ask(self._people, self._loaded.settings.telegram.api_url, method, parameters)

    def _guard(self, policy: Policy, mailing: mail.Mailing | None) -> Guard:
        asked = partial(self._people.call, "getWebhookInfo", {})
        shared = (self._watch, self._database, self._clock)
        return guarding(self._loaded, policy, asked, *shared, mailing)

    def _ticks(self, policy: Policy, reading: Reading) -> list[Tick]:
        remove = Removals(self._people, self._database, self._clock).work
        publish = Profile(self._people, self._database, policy, self._features).publish
        run = Errands(self._people, self._database, self._clock).work
        bot_id = int(self._loaded.token.partition(":")[0])
        sweep = Sweep(self._people, self._database, self._clock, bot_id).work
        private = networks(self._fetch.private_networks)
        read = Intake(self._database, self._clock, Fetcher(private)).work
        look = Links(self._database, self._clock, Fetcher(private, patience=PATIENCE)).work
        work = {"remove": remove, "publish": publish, "run": run, "sweep": sweep, "read": read, "look": look}
        work |= {"texts": reading.texts.work, "fold": reading.texts.fold}
        return ticks(self._database, self._clock, policy, **work)

    async def _paused(self) -> bool:
        if self._rests:  # a pause begins only while no bot runs: once it is lifted nobody need ask again
            async with self._database.reading() as tx:
                self._rests = await pause.standing(tx) is not None
        return self._rests

    def stop_on_signals(self) -> None:
        """End gracefully on SIGTERM and SIGINT."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            with suppress(NotImplementedError):
                loop.add_signal_handler(name, self.stop)


def _jump(schedule: Schedule, windows: Sequence[Window[Any]]) -> None:
    """Look at everything anew: the clock has jumped."""
    schedule.hurry()
    for window in windows:
        window.jump()
