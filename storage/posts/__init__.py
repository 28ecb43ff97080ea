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
from storage.posts.reading import authors, by_id, last, links, new
from storage.posts.recording import at, counted, edited, reacted, record
from storage.posts.tables import KEEP, Post, PostDraft, PostState, Said, Source, may_read, visible
from storage.posts.talk import Moving, Quoted, Quotes, Talk, quotes, said_between

__all__ = [
    "ELSEWHERE", "KEEP", "Moving", "Post", "PostDraft", "PostState", "Quoted", "Quotes",
    "Said", "Source", "Talk", "again", "at", "authors", "by_id",
    "check", "check_label", "counted", "edited", "fate", "from_feed", "held", "labels", "landed", "last", "links",
    "may_read", "new", "place_of", "quotes", "reacted", "record", "said_between",
    "submit", "tell_author", "told", "visible",
]  # fmt: skip
