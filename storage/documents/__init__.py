"""The library: shared links and files, marked, found only by those who may see them."""

from __future__ import annotations

from storage.documents.fate import freeze, thaw
from storage.documents.finding import NUMBER, by_file, by_id, by_token, fresh, promise_file
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
    "DocumentMark", "DocumentTopic", "DocumentWords", "Draft", "Filters", "Hits", "Kind", "LinkState", "Stage",
    "by_file", "by_id", "by_token", "check_file", "check_label", "check_new", "clean_url", "facets", "fold", "freeze",
    "fresh",    "promise_file", "reindex", "search", "share", "shown", "thaw", "url_key",
]  # fmt: skip
