"""People: who has spoken to the bot, who belongs, and in which role."""

from storage.members.organisations import key_of, known_organisation, organisation, organisation_names
from storage.members.people import (
    by_id,
    by_ids,
    by_telegram,
    called,
    choose_language,
    held,
    in_states,
    mark_unreachable,
    welcome,
)
from storage.members.roles import Office, give_role, held_roles, holders, offices, seat, speaking, staff, take_roles
from storage.members.tables import BELONGING, Category, Member, MemberRole, MemberState, Night, Organisation, Role

__all__ = [
    "BELONGING",
    "Category",
    "Member",
    "MemberRole",
    "MemberState",
    "Night",
    "Office",
    "Organisation",
    "Role",
    "by_id",
    "by_ids",
    "by_telegram",
    "called",
    "choose_language",
    "give_role",
    "held",
    "held_roles",
    "holders",
    "in_states",
    "key_of",
    "known_organisation",
    "mark_unreachable",
    "offices",
    "organisation",
    "organisation_names",
    "seat",
    "speaking",
    "staff",
    "take_roles",
    "welcome",
]
