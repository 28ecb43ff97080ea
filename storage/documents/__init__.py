"""The library: shared links and files, marked, found only by those who may see them."""

from __future__ import annotations

from storage.documents.fate import freeze, thaw
from storage.documents.finding import by_file, by_id, by_token, fold, fresh, latest, promise_file, search
from storage.documents.links import FILE_LIMIT, check_file, clean_url, url_key
from storage.documents.sharing import Attachment, Draft, check_label, check_new, share
from storage.documents.tables import Document, DocumentAudience

__all__ = [
    "FILE_LIMIT", "Attachment", "Document", "DocumentAudience", "Draft", "by_file", "by_id", "by_token",
    "check_file", "check_label", "check_new", "clean_url", "fold", "freeze", "fresh", "latest", "promise_file",
    "search", "share", "thaw", "url_key",
]  # fmt: skip
