"""Topics: the catalogue, who follows what, who asks to be let in, and how staff keep them."""

from storage.topics.catalogue import by_id, catalogue, everything, inside, known, known_to_bot, readable, reads, titles
from storage.topics.following import HEARING, choose_night, leave, levels, set_level, subscribe
from storage.topics.keeping import (
    LONGEST_DESCRIPTION,
    LONGEST_TITLE,
    TopicDraft,
    check_label,
    check_lead,
    create,
    furnish,
    kept,
    let_in,
    put_out,
    rename,
    set_closed,
    set_policy,
    settle_in,
    thread_name,
    was_closed,
    was_renamed,
)
from storage.topics.people import matching, members_of
from storage.topics.readers import Reader, policies, reader_in, readers
from storage.topics.requests import ask, decide, forget, leads, moderators, request, waits
from storage.topics.tables import Level, Policy, RequestState, Subscription, Topic, TopicRequest

__all__ = [
    "HEARING", "LONGEST_DESCRIPTION", "LONGEST_TITLE", "Level", "Policy", "Reader", "RequestState",
    "Subscription", "Topic",
    "TopicDraft", "TopicRequest", "ask", "by_id", "catalogue", "check_label", "check_lead", "choose_night",
    "create", "decide", "everything", "forget", "furnish", "inside", "kept", "known", "known_to_bot",
    "leads", "leave", "let_in", "levels", "matching", "members_of", "moderators", "policies",
    "put_out", "readable", "reader_in", "readers", "reads",
    "rename", "request", "set_closed", "set_level", "set_policy", "settle_in", "subscribe", "thread_name", "titles",
    "waits", "was_closed", "was_renamed",
]  # fmt: skip
