"""The library: shared links and files, marked, found only by those who may see them."""

from __future__ import annotations

from storage.documents.care import archive, in_care, readdress, still_works
from storage.documents.due import ask_reviews
from storage.documents.fate import freeze, thaw
from storage.documents.finding import NUMBER, by_file, by_id, by_token, fresh, promise_file
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
from storage.documents.links import FILE_LIMIT, check_file, clean_url, url_key
from storage.documents.search import MOST, Filters, Hits, facets, search, shown
from storage.documents.sharing import Attachment, Draft, check_label, check_new, share
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
from storage.documents.words import reindex

__all__ = [
    "FILE_LIMIT", "MOST", "NUMBER", "Attachment", "Document", "DocumentAudience", "DocumentFlag", "DocumentLink",
    "DocumentMark", "DocumentTopic", "DocumentWords", "Draft", "DueLink", "Filters", "Found", "Hits", "Kind",
    "LinkState", "Look", "Stage", "archive", "ask_reviews", "by_file", "by_id", "by_token", "check_file",
    "check_label", "check_new", "claim_links", "clean_url", "facets", "fold", "freeze", "fresh", "in_care",
    "link_health", "look_anew", "note_look", "promise_file", "readdress", "reindex", "responsible", "search",
    "share", "shown", "still_works", "thaw", "url_key", "watch_links",
]  # fmt: skip
