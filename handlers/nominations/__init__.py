"""The ways in by a link: focal points nominate, members invite, and whoever is sent the link may apply with it."""

from __future__ import annotations

from handlers.feature import Command, Feature, place, tap
from handlers.language import text
from handlers.nominations.entering import APPLIED, ENDED, enter
from handlers.nominations.forms import INVITATION, NOMINATION, invite, nominate
from handlers.nominations.links import Links, Renew, Revoke, ShowLink, links, renew, revoke, show_link, turn
from storage.access import Action

FEATURE = Feature(
    name="nominations",
    commands=(
        Command("invite", text("Invite somebody to apply"), invite, Action.INVITE),
        Command("nominate", text("Nominate somebody"), nominate, Action.NOMINATE),
    ),
    handlers=(
        tap(Links, turn, Action.BELONG),
        tap(ShowLink, show_link, Action.BELONG),
        tap(Revoke, revoke, Action.BELONG),
        tap(Renew, renew, Action.INVITE),
        place("links", links, Action.BELONG),
        place("invite", invite, Action.INVITE),
        place("nominate", nominate, Action.NOMINATE),
    ),
    dialogues=(NOMINATION, INVITATION),
    notices=(APPLIED, ENDED),
    refusals={
        "nomination:reach": text("You can nominate within your own country or organisation only. Please change that."),
        "nomination:enough": text("You have {limit} open invitations, and more at once are not possible."),
        "nomination:gone": text("There is no such link of yours."),
        "nomination:closed": text("This link is not open any more, so nothing was done."),
        "nomination:unknown": text("This link does not lead anywhere now."),
    },
    doors={"in": enter},
)
