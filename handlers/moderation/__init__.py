"""Moderation: reports of posts, decisions in place, mutes, and breaches that all administrators hear of at once."""

from __future__ import annotations

from telegram.ext import CommandHandler, filters

from handlers.feature import Command, Feature, place, tap
from handlers.language import text
from handlers.moderation import breach_card, card, reporting, told
from handlers.moderation.breach import BREACH, about, begin
from handlers.moderation.breach_card import Judge, judge
from handlers.moderation.card import (
    Decide,
    Keep,
    LiftMute,
    OpenReview,
    Remove,
    RemoveFor,
    ask_consequence,
    ask_reason,
    decide,
    keep,
    show,
)
from handlers.moderation.listing import Muted, Reports, lift, muted, reports, turn
from handlers.moderation.reporting import Because, ask, breach_here, report, report_here
from handlers.presses import Report, ReportBreach
from storage.access import Action

_GROUP = filters.ChatType.GROUPS & filters.UpdateType.MESSAGE

FEATURE = Feature(
    name="moderation",
    commands=(Command("breach", text("Report a breach to all administrators"), begin, Action.BELONG),),
    handlers=(
        tap(Report, ask, Action.BELONG),
        tap(Because, report, Action.BELONG),
        tap(ReportBreach, about, Action.BELONG),
        tap(OpenReview, show, Action.MODERATE),
        tap(Keep, keep, Action.MODERATE),
        tap(Remove, ask_reason, Action.MODERATE),
        tap(RemoveFor, ask_consequence, Action.MODERATE),
        tap(Decide, decide, Action.MODERATE),
        tap(Reports, turn, Action.MODERATE),
        tap(Muted, muted, Action.MODERATE),
        tap(LiftMute, lift, Action.MODERATE),
        tap(Judge, judge, Action.JUDGE_BREACH),
        place("reports", reports, Action.MODERATE),
        CommandHandler("report", report_here, _GROUP),
        CommandHandler("breach", breach_here, _GROUP),
    ),
    dialogues=(BREACH,),
    notices=(*reporting.NOTICES, *card.NOTICES, *told.NOTICES, *breach_card.NOTICES),
    refusals={
        "report:own": text("This is your own post. You can delete it in the group yourself."),
        "review:unknown": text("There is no such report, or it is not yours to decide."),
        "review:own": text("Nobody decides on their own post: another moderator does."),
        "review:decided": text("This has already been decided, by {by}."),
        "mute:unknown": text("There is no such mute, or it is not yours to lift."),
        "mute:over": text("This mute is over."),
        "breach:unknown": text("There is no such breach report any more."),
        "breach:own": text("Nobody decides on their own post or document: another administrator does."),
        "breach:decided": text("This has already been decided, by {by}."),
        "breach:link": text(
            "I cannot read this. Paste the address of the message (https://t.me/c/…) or of the document, forward the "
            "message, or press Skip."
        ),
    },
)
