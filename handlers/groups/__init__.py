"""Groups: bound by administrators, left otherwise, and never a place for anything personal."""

from __future__ import annotations

from telegram.ext import ChatMemberHandler, CommandHandler, MessageHandler, filters

from handlers.feature import Feature, place, tap
from handlers.groups.card import (
    Choose,
    Give,
    OnlyMe,
    Show,
    Unbind,
    choose,
    everywhere,
    give,
    only_me,
    show,
    unbind,
)
from handlers.groups.notices import NOTICES
from handlers.groups.rights import rights_missing
from handlers.groups.standing import changed, elsewhere, migrated, renamed, setup
from handlers.language import text
from storage.access import Action

__all__ = ["FEATURE", "rights_missing"]

_GROUP = filters.ChatType.GROUPS & filters.UpdateType.MESSAGE

FEATURE = Feature(
    name="groups",
    handlers=(
        ChatMemberHandler(changed, ChatMemberHandler.MY_CHAT_MEMBER),
        CommandHandler("setup", setup, _GROUP),
        MessageHandler(filters.COMMAND & _GROUP, elsewhere),
        MessageHandler(filters.StatusUpdate.MIGRATE, migrated),
        MessageHandler(filters.StatusUpdate.NEW_CHAT_TITLE & _GROUP, renamed),
        tap(Show, show, Action.BIND_GROUP),
        tap(Choose, choose, Action.BIND_GROUP),
        tap(Give, give, Action.BIND_GROUP),
        tap(OnlyMe, only_me, Action.BIND_GROUP),
        tap(Unbind, unbind, Action.BIND_GROUP),
        place("groups", everywhere, Action.BIND_GROUP),
    ),
    notices=NOTICES,
    refusals={"group:unknown": text("This group is not bound to the network any more.")},
)
