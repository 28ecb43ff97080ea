"""The composition root: everything is made here and handed down; nothing is made at import."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from telegram import LinkPreviewOptions
from telegram.ext import Application, ApplicationBuilder, ContextTypes, Defaults, ExtBot

from bot import mail, start
from bot.addresses import networks
from bot.charts import ChildCharts
from bot.clock import Clock
from bot.config import Loaded
from bot.delivery.rendering import Rendering
from bot.delivery.telegram import telegram_windows
from bot.errands import Errands
from bot.features import FEATURES
from bot.feeds import Intake
from bot.fetching import Fetcher
from bot.health import SILENCE, HealthServer, Watch
from bot.holiday import working_days
from bot.intake import Polling, WebhookIntake, allowed
from bot.lanes import Lanes
from bot.links import PATIENCE, Links
from bot.logs import log
from bot.profile import Profile
from bot.reading import Reading
from bot.removals import Removals
from bot.schedule import Schedule, Tick
from bot.start import StartError
from bot.sweep import Sweep
from bot.ticks import ticks
from bot.transport import AiohttpRequest, Answer, Wire
from bot.workers import Unfinished, Worker, drained, kept_working, until_cancelled
from handlers import errors, fallback
from handlers.context import Context, Policy, Services
from handlers.dialogues import Dialogues
from handlers.feature import Feature, command_handler
from handlers.gate import gate
from handlers.glances import Glance
from storage import pause
from storage.database import Database

T = TypeVar("T")

_log = log("bot")


class Bot:
    """The whole process: intake, lanes, clock and delivery around one database."""

    def __init__(self, loaded: Loaded, clock: Clock, features: Sequence[Feature] = FEATURES) -> None:
        os.environ.setdefault("PTB_TIMEDELTA", "1")  # python-telegram-bot then tells waits as it will in future
        self._loaded = loaded
        self._clock = clock
        self._features = features
        self._database = Database(loaded.storage_url)
        self._watch = Watch()
        self._stopping = asyncio.Event()
        self._problem: str | None = None
        self._rests = True
        self._asks_for = allowed(inline=loaded.settings.library.inline)
        self._polls = self._wire(1)
        self._people = self._wire(32)
        self._letters = self._wire(2 * loaded.settings.delivery.in_flight)

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
            await self._database.close()
        if self._problem is not None:
            raise StartError(self._problem)

    async def _prepare(self) -> Policy:
        settings = self._loaded.settings
        username = await start.greet(self._people, settings.telegram.api_url)
        await start.open_database(self._database)
        await start.admit_administrators(self._database, settings.network, self._clock.now())
        policy = start.policy_of(self._loaded, username)
        await start.number_issues(self._database, policy.editing, self._clock.now())
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
        refusals = {**errors.REFUSALS, **{k: v for f in self._features for k, v in f.refusals.items()}}
        forms = Dialogues([d for f in self._features for d in f.dialogues], refusals)
        telegram = self._telegram()
        open_networks = networks(self._loaded.settings.fetch.private_networks)
        reading = Reading(telegram, self._database, self._clock, open_networks)
        application = self._application(telegram, reading.glance, policy, forms, refusals)
        notices = {n.name: n for n in [*forms.notices(), *(n for f in self._features for n in f.notices)]}
        follow = {name: notice.landed for name, notice in notices.items() if notice.landed is not None}
        rendering = Rendering(self._database, notices, policy)
        wires, settings = (self._people, self._letters), self._loaded.settings.delivery
        windows = telegram_windows(settings, self._database, self._clock, wires, rendering, self.stop, follow)
        mailing = await mail.prepared(self._loaded, self._database, self._clock, notices, policy, self.stop, follow)
        lanes = Lanes(self._database, self._clock, application)
        schedule = Schedule(self._ticks(policy, reading), self._watch, self._paused)
        self._database.on_commit("staff", partial(schedule.hurry, "profile"))
        for subject in ("removals", "errands", "feeds"):
            self._database.on_commit(subject, partial(schedule.hurry, subject))
        self._database.on_commit("digests", partial(schedule.hurry, "digest"))
        health = self._health()
        async with application:
            try:
                if health is not None:
                    await start.listen(health, "health.listen")
                if mailing is not None:
                    await start.listen(mailing.pages, "mail.listen")
                    windows.append(mailing.window)
                intake = await self._unless_stopped(self._intake()) or []
                _log.info("ready", bot=policy.bot_username)
                if await self._paused():
                    _log.warning("paused since a restore: `network-bot resume` lets promises leave again")
                schedule.start()

                def moved() -> None:
                    schedule.hurry()
                    for window in windows:
                        window.hurry()

                clock = partial(self._clock.follow, moved)
                workers: list[Worker] = [lanes.run, *(w.run for w in windows), clock, self._guard, *intake]
                await self._work(workers, [lanes, *windows])
            finally:
                await schedule.stop()
                if health is not None:
                    await health.stop()
                if mailing is not None:
                    await mailing.close()
        _log.info("stopped")

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

    async def _intake(self) -> list[Worker]:
        settings = self._loaded.settings
        if settings.telegram.mode == "polling":
            await self._ask("deleteWebhook", {"drop_pending_updates": False})
            return [Polling(self._polls, self._database, self._clock, self._watch, self._asks_for).run]
        self._watch.listening = False
        secret = settings.webhook.secret_token
        if settings.webhook.public_url is None or secret is None:
            raise StartError("telegram.mode is webhook: webhook.public_url and webhook.secret_token are needed.")
        server = WebhookIntake(settings.webhook.listen, secret.get_secret_value(), self._database, self._clock)
        await start.listen(server, "webhook.listen")
        await self._set_webhook(settings.webhook.public_url, secret.get_secret_value())
        return [partial(until_cancelled, server.stop)]

    async def _set_webhook(self, url: str, secret: str) -> None:
        parameters = {"url": url, "secret_token": secret, "allowed_updates": self._asks_for}
        answer = await self._ask("setWebhook", parameters)
        if not answer.ok:
            raise StartError(f"Telegram refuses the webhook: {answer.description}.")

    async def _ask(self, method: str, parameters: dict[str, Any]) -> Answer:
        return await start.ask(self._people, self._loaded.settings.telegram.api_url, method, parameters)

    async def _guard(self) -> None:
        """Say loudly, and once, when nothing has come from Telegram for too long."""
        said = False
        while True:
            await asyncio.sleep(5)
            if not self._watch.healthy and not said:
                _log.critical("no successful poll", seconds=round(self._watch.silent_for()), limit=SILENCE)
            said = not self._watch.healthy

    def _telegram(self) -> ExtBot[None]:
        return ExtBot(
            self._loaded.token,
            base_url=f"{self._loaded.settings.telegram.api_url}/bot",
            base_file_url=f"{self._loaded.settings.telegram.api_url}/file/bot",
            request=AiohttpRequest(self._people),
            get_updates_request=AiohttpRequest(self._polls),
            defaults=Defaults(link_preview_options=LinkPreviewOptions(is_disabled=True)),
        )

    def _application(
        self, bot: ExtBot[None], glance: Glance, policy: Policy, forms: Dialogues, refusals: dict[str, str]
    ) -> Any:
        built = ApplicationBuilder().bot(bot).updater(None).job_queue(None).context_types(ContextTypes(context=Context))
        application: Application[Any, Any, Any, Any, Any, Any] = built.build()
        working = working_days(skip_holidays=policy.skip_holidays)
        application.bot_data["services"] = Services(
            self._database, policy, self._clock.now, working, glance, ChildCharts()
        )
        application.bot_data["features"] = tuple(self._features)
        application.bot_data["dialogues"] = forms
        application.bot_data["links"] = {k: v for f in self._features for k, v in f.links.items()}
        application.bot_data["items"] = {k: v for f in self._features for k, v in f.items.items()}
        application.bot_data["doors"] = {k: v for f in self._features for k, v in f.doors.items()}
        application.add_handler(gate(), group=-1)
        application.add_handlers([command_handler(c) for f in self._features for c in f.commands])
        application.add_handlers(forms.handlers())
        application.add_handlers([h for f in self._features for h in f.handlers])
        application.add_handlers(fallback.handlers())
        application.add_error_handler(errors.error_handler(refusals))
        return application

    def _ticks(self, policy: Policy, reading: Reading) -> list[Tick]:
        remove = Removals(self._people, self._database, self._clock).work
        publish = Profile(self._people, self._database, policy, self._features).publish
        run = Errands(self._people, self._database, self._clock).work
        bot_id = int(self._loaded.token.partition(":")[0])
        sweep = Sweep(self._people, self._database, self._clock, bot_id).work
        private = networks(self._loaded.settings.fetch.private_networks)
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

    def _health(self) -> HealthServer | None:
        listen = self._loaded.settings.health.listen
        return None if listen is None else HealthServer(listen, self._watch, self._database)

    def stop_on_signals(self) -> None:
        """End gracefully on SIGTERM and SIGINT."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            with suppress(NotImplementedError):
                loop.add_signal_handler(name, self.stop)
