"""The library: shared links and files, marked, found only by those who may see them."""

from __future__ import annotations

from storage.documents.care import archive, readdress, still_works
from storage.documents.comments import ask_comments, close_comments, comment, commented
from storage.documents.due import ask_reviews
from storage.documents.fate import (
    bring_back,
    confirm,
    freeze,
    hand_over,
    heirs,
    keeps,
    kept,
    known,
    thaw,
    to_change,
    withdraw,
)
from storage.documents.finding import NUMBER, by_file, by_id, by_token, promise_file
from storage.documents.flags import Flagged, Flaw, decide_flags, flag, flagged, waits
from storage.documents.health import (
    DueLink,
    Found,
    Look,
    claim_links,
    link_health,
    look_anew,
    note_look,
    responsible,
    watch_links,
)
from storage.documents.labels import landed, relabel, told
from storage.documents.links import FILE_LIMIT, check_file, clean_url, url_key
from storage.documents.marks import Mark, follow, mark_of, save
from storage.documents.search import Filters, Hits, facets, search, shown
from storage.documents.sharing import Attachment, Draft, check_label, check_new, share
from storage.documents.shelf import Shelf, Shelved, holding, shared_between
from storage.documents.spelling import fold
from storage.documents.tables import (
    Document,
    DocumentAudience,
    DocumentFlag,
    DocumentLink,
    DocumentMark,
    DocumentTopic,
    DocumentWords,
    Kind,
    LinkState,
    Stage,
)
from storage.documents.versions import newest, older, supersede
from storage.documents.words import reindex

__all__ = [
    "FILE_LIMIT", "NUMBER", "Attachment", "Document", "DocumentAudience", "DocumentFlag", "DocumentLink",
    "DocumentMark", "DocumentTopic", "DocumentWords", "Draft", "DueLink", "Filters", "Flagged", "Flaw", "Found",
    "Hits", "Kind", "LinkState", "Look", "Mark", "Shelf", "Shelved", "Stage",
    "archive", "ask_comments", "ask_reviews", "bring_back",
    "by_file", "by_id", "by_token", "check_file", "check_label", "check_new", "claim_links", "clean_url",
    "close_comments", "comment", "commented", "confirm", "decide_flags", "facets", "flag", "flagged", "fold",
    "follow", "freeze", "hand_over", "heirs", "holding", "keeps", "kept", "known", "landed", "link_health",
    "look_anew", "mark_of", "newest", "note_look", "older", "promise_file", "readdress", "reindex",
    "relabel", "responsible", "save", "search", "share", "shared_between", "shown", "still_works", "supersede", "thaw",
    "to_change", "told", "url_key", "waits", "watch_links", "withdraw",
]  # fmt: skip
