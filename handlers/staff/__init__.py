"""Members as staff see them: list and card, acts on a membership, roles, off-boarding, seats, and the log of acts."""

from __future__ import annotations

from handlers.feature import Command, Feature, place, tap
from handlers.language import text
from handlers.staff import acts, appointments, card, listing, log, offboarding, roles, seats, tidings
from storage.access import Action

FEATURE = Feature(
    name="members",
    commands=(
        Command("members", text("See members"), listing.everybody, Action.SEE_MEMBERS),
        Command("offboard", text("Off-board a member"), listing.offboard, Action.OFFBOARD),
        Command("audit", text("Read the audit log"), log.audit, Action.AUDIT),
    ),
    handlers=(
        tap(listing.Members, listing.turn, Action.SEE_MEMBERS),
        tap(listing.Filter, listing.choose_filter, Action.SEE_MEMBERS),
        tap(listing.Search, listing.ask_name, Action.SEE_MEMBERS),
        tap(listing.Matches, listing.turn_matches, Action.SEE_MEMBERS),
        tap(listing.OpenMember, card.open_card, Action.SEE_MEMBERS),
        tap(listing.AskOffboard, acts.ask_offboard, Action.OFFBOARD),
        tap(card.Email, card.show_email, Action.GIVE_ROLES),
        tap(card.AskSuspend, acts.ask_suspend, Action.SUSPEND),
        tap(card.Reinstate, acts.reinstate, Action.SUSPEND),
        tap(card.Block, acts.block, Action.BLOCK),
        tap(card.Unblock, acts.unblock, Action.BLOCK),
        tap(card.Roles, roles.roles, Action.GIVE_ROLES),
        tap(roles.Give, roles.give, Action.GIVE_ROLES),
        tap(roles.Take, roles.take, Action.GIVE_ROLES),
        tap(card.HandOver, seats.candidates, Action.HAND_OVER),
        tap(seats.Successor, seats.preview, Action.HAND_OVER),
        tap(seats.Pass, seats.hand_over, Action.HAND_OVER),
        tap(offboarding.TryAgain, offboarding.try_again, Action.OFFBOARD),
        tap(log.Acts, log.read, Action.AUDIT),
        tap(log.ChooseKind, log.choose_kind, Action.AUDIT),
        place("members", listing.everybody, Action.SEE_MEMBERS),
        place("audit", log.audit, Action.AUDIT),
    ),
    dialogues=(listing.SEARCH, acts.SUSPEND, acts.OFFBOARD, appointments.MODERATOR, appointments.FOCAL_POINT),
    notices=(*acts.NOTICES, *offboarding.NOTICES, *tidings.NOTICES, *seats.NOTICES),
    refusals={
        "member:unknown": text("There is no such member within your reach."),
        "member:self": text("Nobody acts on their own membership; another administrator will."),
        "member:administrator": text("Only an administrator can do this to an administrator."),
        "member:inside": text("They belong to the network again, so nobody is removed."),
        "role:self": text("Nobody changes their own roles; another administrator will."),
        "role:inactive": text("Only somebody who is a member now can be given a role."),
        "role:held": text("They hold this role already."),
        "role:taken": text("This seat is taken by {by} until {until}. Take it from them first."),
        "role:reach": text("This role needs a country, an organisation or a topic."),
        "role:gone": text("They do not hold this role any more."),
        "seat:self": text("Nobody hands over their own seat, or takes one; another administrator will."),
        "seat:successor": text("Only somebody who is a member now can take a seat."),
    },
)
