"""Posts: what is said in topics, recorded from groups or written to the bot, read only by who may."""

from storage.posts import fate
from storage.posts.publishing import (
    ELSEWHERE,
    again,
    check,
    check_label,
    from_feed,
    held,
    labels,
    landed,
    place_of,
    submit,
    tell_author,
    told,
)
from storage.posts.reading import authors, by_id, last, links, most_answered, new
from storage.posts.recording import at, counted, edited, reacted, record
from storage.posts.tables import KEEP, Post, PostDraft, PostState, Said, Source, may_read, visible

__all__ = [
    "ELSEWHERE", "KEEP", "Post", "PostDraft", "PostState", "Said", "Source", "again", "at", "authors", "by_id",
    "check", "check_label", "counted", "edited", "fate", "from_feed", "held", "labels", "landed", "last", "links",
    "may_read", "most_answered", "new", "place_of", "reacted", "record", "submit", "tell_author", "told", "visible",
]  # fmt: skip
