"""Posts: what is said in topics, from the groups into the records, and from the private chat into the groups."""

from __future__ import annotations

from telegram.ext import MessageHandler, MessageReactionHandler, filters

from handlers.feature import Feature, tap
from handlers.language import text
from handlers.posts.compose import POST, write
from handlers.posts.reading import NOTICES, Again, OpenPost, again, last, show
from handlers.posts.recording import edited, posted, reacted, said
from handlers.presses import OpenPosts, Write
from storage.access import Action

_TALK = filters.ChatType.GROUPS & ~filters.COMMAND & ~filters.StatusUpdate.ALL

FEATURE = Feature(
    name="posts",
    handlers=(
        tap(OpenPosts, last, Action.BELONG),
        tap(OpenPost, show, Action.BELONG),
        tap(Write, write, Action.POST),
        tap(Again, again, Action.POST),
        MessageHandler(_TALK & filters.UpdateType.MESSAGE, said),
        MessageHandler(filters.UpdateType.CHANNEL_POST & ~filters.StatusUpdate.ALL, posted),
        MessageHandler((_TALK & filters.UpdateType.EDITED_MESSAGE) | filters.UpdateType.EDITED_CHANNEL_POST, edited),
        MessageReactionHandler(reacted),
    ),
    dialogues=(POST,),
    notices=NOTICES,
    refusals={
        "post:unknown": text("There is no such post, or it is no longer there."),
        "post:closed": text("This topic is closed: nothing new is posted in it."),
        "post:not-in": text("You are not in this topic yet: follow it first, then write."),
        "post:muted": text("You cannot post until {until}: the moderators have muted you."),
        "post:label": text("A post of this topic cannot be marked {label}. Choose one of the labels that are offered."),
        "post:nothing": text("Write some words, or send a document. A photo can be sent as a file."),
        "post:long": text(
            "This is too long: at most {limit} characters, please. A longer text is better shared as a file."
        ),
    },
)
