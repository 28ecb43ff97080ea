"""The library: sharing a link or a file, finding it again, reading its card."""

from __future__ import annotations

from telegram.ext import MessageHandler, filters

from handlers.documents import comments, flags, keeping, labels, versions
from handlers.documents.card import FILE, SHARED, AskFlag, Comment, Follow, GetFile, Manage, Older, Save
from handlers.documents.care import ADDRESS, ARCHIVE, CARE, StillWorks, archive, new_address, still_works
from handlers.documents.library import Found, Narrow, find, library, narrow, search, turn
from handlers.documents.opening import by_link, drawn, follow, get_file, open_document, open_version, save
from handlers.documents.share import DOCUMENT, share, take
from handlers.feature import Command, Feature, place, tap
from handlers.language import text
from handlers.presses import ArchiveAddress, NewAddress, OpenDocument, OpenVersion, Review
from storage.access import Action

_NEW = filters.UpdateType.MESSAGE & filters.ChatType.PRIVATE
_LINKED = filters.Entity("url") | filters.Entity("text_link")
_CAPTIONED = filters.CaptionEntity("url") | filters.CaptionEntity("text_link")
_SENT = filters.Document.ALL | filters.PHOTO | filters.VIDEO | filters.AUDIO
_NOTICES = (*versions.NOTICES, *labels.NOTICES, *comments.NOTICES, *flags.NOTICES, *keeping.NOTICES)

FEATURE = Feature(
    name="documents",
    commands=(
        Command("share", text("Share a link or a file"), share, Action.SHARE),
        Command("library", text("Browse the library"), library, Action.BELONG),
        Command("search", text("Search the library"), search, Action.BELONG),
    ),
    handlers=(
        tap(OpenDocument, open_document, Action.BELONG),
        tap(OpenVersion, open_version, Action.BELONG),
        tap(GetFile, get_file, Action.BELONG),
        tap(NewAddress, new_address, Action.SHARE),
        tap(ArchiveAddress, archive, Action.SHARE),
        tap(StillWorks, still_works, Action.SHARE),
        tap(Follow, follow, Action.BELONG),
        tap(Save, save, Action.BELONG),
        tap(Older, versions.older, Action.BELONG),
        tap(versions.NewVersion, versions.new_version, Action.SHARE),
        tap(labels.ChooseLabel, labels.choose, Action.SHARE),
        tap(labels.Relabel, labels.relabel, Action.SHARE),
        tap(Comment, comments.begin, Action.SHARE),
        tap(comments.AskComments, comments.ask, Action.SHARE),
        tap(AskFlag, flags.ask, Action.BELONG),
        tap(flags.FlagFor, flags.flag, Action.BELONG),
        tap(flags.JudgeFlags, flags.judge, Action.MODERATE),
        tap(Manage, keeping.manage, Action.SHARE),
        tap(Review, keeping.review, Action.SHARE),
        tap(keeping.Withdraw, keeping.withdraw, Action.SHARE),
        tap(keeping.BringBack, keeping.bring_back, Action.SHARE),
        tap(keeping.Heirs, keeping.heirs, Action.SHARE),
        tap(keeping.HandDocument, keeping.hand_over, Action.SHARE),
        tap(Found, turn, Action.BELONG),
        tap(Narrow, narrow, Action.BELONG),
        place("library", library, Action.BELONG),
        MessageHandler(_NEW & ~filters.COMMAND & (_LINKED | _CAPTIONED | _SENT), take),
        MessageHandler(_NEW & ~filters.COMMAND & filters.TEXT, find),
    ),
    dialogues=(DOCUMENT, ADDRESS, ARCHIVE, comments.COMMENT),
    notices=(SHARED, FILE, *CARE, *_NOTICES),
    refusals={
        "document:unknown": text("There is no such document. /library shows what there is."),
        "document:link": text("That is not a web address. It should look like https://example.org/paper."),
        "document:big": text("This file is larger than 20 MB. Please share a link to it instead."),
        "document:dangerous": text("Programs and files with macros cannot be shared. A PDF can."),
        "document:mismatch": text(
            "The name of this file says another type than its content. Please send it under its own name."
        ),
        "document:duplicate": text("This is in the library already: “{title}”."),
        "document:frozen": text("This is not carried here at present. An administrator can tell you more."),
        "document:label": text(
            "{label} is not carried here: Telegram is no place for it. Deliver it in person, or ask its source for a "
            "version that may be shared."
        ),
        "document:no-organisation": text("TLP:AMBER is for one's own organisation, and yours is not on record."),
        "document:source": text(
            "The organisation that is its source is not on record, so nobody could be named. Withdraw it instead."
        ),
        "document:looser": text("Only its owner marks a document more openly, with the permission of its source."),
        "document:moderated": text("The moderators have withdrawn it, and they alone can bring it back."),
        "document:heir": text("They cannot answer for it: they must be in the directory, and of its organisation."),
        "document:over": text("Comments on this document are closed."),
        "document:circle": text("A document cannot be a newer version of itself."),
        "document:own": text("You answer for this document yourself: “Manage” is where you change or withdraw it."),
        "document:own-flags": text("Nobody decides on their own document: another moderator does."),
        "document:decided": text("This has already been decided."),
        "document:audience": text("TLP:AMBER+STRICT is for the source's own organisation and for nobody else."),
        "document:year": text("Please write a year between 1945 and {last}."),
        "document:nothing": text("Please send a web address, or the document as a file."),
        "label:unknown": text("“{text}” is not a TLP label. Press a button, or write for example TLP:GREEN."),
    },
    links={"doc": by_link},
    items={"document": drawn},
)
