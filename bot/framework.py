"""The framework: python-telegram-bot's application with the handlers of all features, over our own transport."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from telegram import LinkPreviewOptions
from telegram.ext import Application, ApplicationBuilder, ContextTypes, Defaults, ExtBot

from bot.config import Loaded
from bot.regrets import Regrets
from bot.transport import AiohttpRequest, Wire
from handlers import errors, fallback
from handlers.context import Context, Services
from handlers.dialogues import Dialogues
from handlers.feature import Feature, Notice, command_handler
from handlers.gate import gate

Notices = Mapping[str, Notice]
"""What can be promised to people, by name."""


class Framework:
    """What features bring, and the framework that calls them; `wires` are those for people and for polling."""

    def __init__(self, loaded: Loaded, features: Sequence[Feature], wires: tuple[Wire, Wire]) -> None:
        self._features = features
        self._refusals = {**errors.REFUSALS, **{k: v for f in features for k, v in f.refusals.items()}}
        self._forms = Dialogues([d for f in features for d in f.dialogues], self._refusals)
        people, polls = wires
        self.bot: ExtBot[None] = ExtBot(
            loaded.token,
            base_url=f"{loaded.settings.telegram.api_url}/bot",
            base_file_url=f"{loaded.settings.telegram.api_url}/file/bot",
            request=AiohttpRequest(people),
            get_updates_request=AiohttpRequest(polls),
            defaults=Defaults(link_preview_options=LinkPreviewOptions(is_disabled=True)),
        )

    def notices(self) -> Notices:
        """Return what the features, and their forms, may promise."""
        return {n.name: n for n in [*self._forms.notices(), *(n for f in self._features for n in f.notices)]}

    def application(self, services: Services, regrets: Regrets) -> Any:
        """Return the application that handles an update: the gate first, then commands, forms and the rest."""
        built = ApplicationBuilder().bot(self.bot).updater(None).job_queue(None)
        application: Application[Any, Any, Any, Any, Any, Any]
        application = built.context_types(ContextTypes(context=Context)).build()
        application.bot_data["services"] = services
        application.bot_data["features"] = tuple(self._features)
        application.bot_data["dialogues"] = self._forms
        application.bot_data["links"] = {k: v for f in self._features for k, v in f.links.items()}
        application.bot_data["items"] = {k: v for f in self._features for k, v in f.items.items()}
        application.bot_data["doors"] = {k: v for f in self._features for k, v in f.doors.items()}
        application.add_handler(regrets.ahead(), group=-2)
        application.add_handler(gate(), group=-1)
        application.add_handlers([command_handler(c) for f in self._features for c in f.commands])
        application.add_handlers(self._forms.handlers())
        application.add_handlers([h for f in self._features for h in f.handlers])
        application.add_handlers(fallback.handlers())
        application.add_error_handler(errors.error_handler(self._refusals))
        application.add_error_handler(regrets.failed)
        return application
