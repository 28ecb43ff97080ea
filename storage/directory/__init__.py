"""The directory: what each member chose to show to members, and the search in it (R-25)."""

from storage.directory.entries import Mine, describe, mine, publish, speak, suggested, take_down, tick
from storage.directory.finding import (
    PAGE,
    Filters,
    Found,
    card,
    entry,
    filters_of,
    forget,
    name_of,
    named,
    search,
    seen,
)
from storage.directory.newcomers import Newcomer, introduced, introduced_between, to
from storage.directory.reading import Shown
from storage.directory.tables import FIELDS, LANGUAGES, DirectoryEntry, DirectoryLookup

__all__ = [
    "FIELDS",
    "LANGUAGES",
    "PAGE",
    "DirectoryEntry",
    "DirectoryLookup",
    "Filters",
    "Found",
    "Mine",
    "Newcomer",
    "Shown",
    "card",
    "describe",
    "entry",
    "filters_of",
    "forget",
    "introduced",
    "introduced_between",
    "mine",
    "name_of",
    "named",
    "publish",
    "search",
    "seen",
    "speak",
    "suggested",
    "take_down",
    "tick",
    "to",
]
