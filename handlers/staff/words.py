"""Words of the staff: what states, roles, seats and reasons are called."""

from __future__ import annotations

from handlers.language import Html, Say, isolated, text
from handlers.vocabulary import ROLES
from storage.members import MemberState, Role
from storage.membership import UNCONFIRMED
from storage.staff import Held, Shown

STATES = {
    MemberState.VETTED: text("changing the post"),
    MemberState.ACTIVE: text("active"),
    MemberState.DUE: text("post to be confirmed"),
    MemberState.SOON_IDLE: text("soon idle"),
    MemberState.IDLE: text("idle"),
    MemberState.SUSPENDED: text("suspended"),
    MemberState.BLOCKED: text("blocked"),
    MemberState.LEFT: text("left the network"),
}
SHOWN = {
    Shown.ALL: text("Everybody"),
    Shown.ACTIVE: text("Active"),
    Shown.DUE: text("Post to be confirmed"),
    Shown.IDLE: text("Idle or soon idle"),
    Shown.SUSPENDED: text("Suspended"),
    Shown.BLOCKED: text("Blocked"),
    Shown.LEFT: text("Left the network"),
}
SUSPENSIONS = {
    "terms": text("Breach of the terms"),
    "account": text("The account is at risk"),
    "unconfirmed": text("The post could not be confirmed"),
}
OFFBOARDINGS = {
    "post": text("Left the post"),
    "organisation": text("Left the organisation"),
    "asked": text("Asked for it"),
}
REASONS = {**SUSPENSIONS, **OFFBOARDINGS, UNCONFIRMED: text("The post was not confirmed in time")}
SEATS = {False: text("principal"), True: text("alternate")}


def reason(said: str, say: Say) -> str:
    """Return a reason in words: that of a code, or as it was written."""
    return say(REASONS[said]) if said in REASONS else isolated(said)


def office(held: Held, say: Say) -> Html:
    """Return a role with its reach: `moderator of Border security`, `focal point of Kazakhstan, principal`."""
    if held.role is Role.MODERATOR and held.topic is not None:
        return say("moderator of {topic}", topic=held.topic.title(say.language))
    if held.role is not Role.FOCAL_POINT:
        return say(ROLES[held.role])
    place = say.country(held.country) if held.country else held.organisation or "–"
    if held.alternate is None:
        return say("focal point of {place}", place=isolated(place))
    return say("focal point of {place}, {seat}", place=isolated(place), seat=say(SEATS[held.alternate]))
