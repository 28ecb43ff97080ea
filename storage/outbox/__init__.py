"""The outbox: what was promised to people, one row a recipient and part; facts, not text."""

from storage.outbox.leasing import claim, extend, next_due, release, settle
from storage.outbox.promising import forget, hold, let_go, news, promise
from storage.outbox.reading import copies, counts, last_copy, report, tally, will_replace
from storage.outbox.tables import KEEP, WAITING, Facts, Lane, OutboxRow, OutboxState, Promise, Settlement

__all__ = [
    "KEEP",
    "WAITING",
    "Facts",
    "Lane",
    "OutboxRow",
    "OutboxState",
    "Promise",
    "Settlement",
    "claim",
    "copies",
    "counts",
    "extend",
    "forget",
    "hold",
    "last_copy",
    "let_go",
    "news",
    "next_due",
    "promise",
    "release",
    "report",
    "settle",
    "tally",
    "will_replace",
]
