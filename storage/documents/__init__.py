"""The library: shared links and files, marked, found only by those who may see them."""

from __future__ import annotations

from storage.documents.comments import ask_comments, close_comments, comment, commented
from storage.documents.fate import (
    bring_back,
    confirm,
    freeze,
    hand_over,
    heirs,
    keeps,
    kept,
    known,
    link_of,
    set_archive,
    thaw,
    to_change,
    withdraw,
)
from storage.documents.finding import NUMBER, by_file, by_id, by_token, fresh, promise_file
from storage.documents.flags import Flagged, Flaw, decide_flags, flag, flagged, waits
from storage.documents.labels import landed, relabel
from storage.documents.links import FILE_LIMIT, check_file, clean_url, url_key
from storage.documents.marks import Mark, follow, mark_of, save
from storage.documents.search import MOST, Filters, Hits, search
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
from storage.documents.versions import newest, older, supersede
from storage.documents.words import reindex

__all__ = [
    "FILE_LIMIT", "MOST", "NUMBER", "Attachment", "Document", "DocumentAudience", "DocumentFlag", "DocumentLink",
    "DocumentMark", "DocumentTopic", "DocumentWords", "Draft", "Filters", "Flagged", "Flaw", "Hits", "Kind",
    "LinkState", "Mark", "Stage", "ask_comments", "bring_back", "by_file", "by_id", "by_token", "check_file",
    "check_label", "check_new", "clean_url", "close_comments", "comment", "commented", "confirm", "decide_flags",
    "flag", "flagged", "fold", "follow", "freeze", "fresh", "hand_over", "heirs", "keeps", "kept", "known", "landed",
    "link_of", "mark_of", "newest", "older", "promise_file", "reindex", "relabel", "save", "search", "set_archive",
    "share", "supersede", "thaw", "to_change", "url_key", "waits", "withdraw",
]  # fmt: skip
