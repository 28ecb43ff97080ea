"""Admission: a newcomer applies, members vouch or object, reviewers decide, everybody concerned is told."""

from __future__ import annotations

from handlers.applications.card import CARD, Approve, Ask, Claim, Decline, Objections, Thread
from handlers.applications.form import APPLICATION, RECEIVED
from handlers.applications.review import (
    DECLINE,
    QUESTION,
    Review,
    approve,
    ask_question,
    ask_reason,
    claim,
    open_card,
    read_remarks,
    review,
)
from handlers.applications.standing import ANSWER, NOTE, NOTICES, Answer, Withdraw, answer, status, withdraw
from handlers.applications.vouching import (
    NOTICES as VOUCHING,
)
from handlers.applications.vouching import (
    OBJECTION,
    Attest,
    Candidate,
    Candidates,
    Judge,
    Object,
    ask_objection,
    attest,
    candidates,
    judge,
    open_candidate,
    read_objections,
    turn,
)
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
        tap(Ask, ask_question, Action.REVIEW),
        tap(Claim, claim, Action.REVIEW),
        tap(Review, open_card, Action.REVIEW),
        tap(Thread, read_remarks, Action.REVIEW),
        tap(Objections, read_objections, Action.JUDGE_OBJECTION),
        tap(Judge, judge, Action.JUDGE_OBJECTION),
        tap(Attest, attest, Action.VOUCH),
        tap(Object, ask_objection, Action.VOUCH),
        tap(Candidates, turn, Action.VOUCH),
        tap(Candidate, open_candidate, Action.VOUCH),
        tap(Withdraw, withdraw),
        tap(Answer, answer, Action.AWAIT),
        place("review", review, Action.REVIEW),
        place("vouches", candidates, Action.VOUCH),
        place("status", status),
    ),
    dialogues=(APPLICATION, DECLINE, QUESTION, ANSWER, NOTE, OBJECTION),
    notices=(RECEIVED, CARD, *NOTICES, *VOUCHING),
    refusals={
        "application:waiting": text("Your application is already being reviewed. /status shows where it stands."),
        "application:by-invitation": text("Only who was nominated or invited by a member can apply."),
        "application:same": text("Nothing has changed, so nothing was sent."),
        "application:gone": text("There is no such application any more."),
        "application:withdrawn": text("The applicant has withdrawn this application."),
        "application:lapsed": text("This application has lapsed."),
        "application:decided": text("This application has already been decided, by {by}."),
        "application:claimed": text("{by} has taken this application."),
        "application:own": text("Nobody decides on their own application; another reviewer will."),
        "application:sponsor": text("Who nominated or invited somebody does not decide on them; others will."),
        "application:not-vetted": text("This application is not vetted yet: the card says what is missing."),
        "application:approved-already": text("You have approved this application already; another approval is needed."),
        "application:none": text("You have no application that is waiting."),
        "vouch:closed": text("This question about an applicant is closed."),
        "vouch:objected": text("You have objected already; the secretariat reads it."),
        "objection:gone": text("There is no such objection any more."),
        "objection:judged": text("This objection has been decided already."),
        "objection:own": text("Nobody decides on their own objection; another administrator will."),
        "membership:state": text("This has changed meanwhile, so nothing was done."),
        "membership:last-administrator": text("This is the last administrator: make somebody else one first."),
    },
)
