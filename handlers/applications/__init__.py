"""Onboarding: a newcomer applies, administrators decide, everybody concerned is told."""

from __future__ import annotations

from handlers.applications.form import APPLICATION, RECEIVED
from handlers.applications.review import CARD, DECLINE, Approve, Decline, Review, approve, ask_reason, open_card, review
from handlers.applications.standing import APPROVED, DECLINED, Withdraw, status, withdraw
from handlers.feature import Command, Feature, place, tap
from handlers.language import text
from storage.access import Action

FEATURE = Feature(
    name="applications",
    commands=(
        Command("status", text("See where you stand"), status),
        Command("review", text("Review applications"), review, Action.REVIEW),
    ),
    handlers=(
        tap(Approve, approve, Action.REVIEW),
        tap(Decline, ask_reason, Action.REVIEW),
        tap(Review, open_card, Action.REVIEW),
        tap(Withdraw, withdraw),
        place("review", review, Action.REVIEW),
        place("status", status),
    ),
    dialogues=(APPLICATION, DECLINE),
    notices=(RECEIVED, CARD, APPROVED, DECLINED),
    refusals={
        "application:waiting": text("Your application is already being reviewed. /status shows where it stands."),
        "application:gone": text("There is no such application any more."),
        "application:withdrawn": text("The applicant has withdrawn this application."),
        "application:decided": text("This application has already been decided, by {by}."),
        "application:own": text("Nobody decides on their own application; another administrator will."),
        "application:approved-already": text("You have approved this application already; another approval is needed."),
        "application:none": text("You have no application that is waiting."),
    },
)
