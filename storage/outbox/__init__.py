"""The outbox: what was promised to people, one row a recipient and part; facts, not text."""

from storage.outbox.leasing import claim, extend, next_due, release, settle
from storage.outbox.promising import forget, hold, let_go, news, promise
from storage.outbox.reading import counts, landed, last_copy, report, shown, tally, will_replace
from storage.outbox.tables import KEEP, ON_ITS_WAY, WAITING, Facts, Lane, OutboxRow, OutboxState, Promise, Settlement

__all__ = [
    "KEEP",
    "ON_ITS_WAY",
    "WAITING",
    "Facts",
    "Lane",
    "OutboxRow",
    "OutboxState",
    "Promise",
    "Settlement",
    "claim",
    "counts",
    "extend",
    "forget",
    "hold",
    "landed",
    "last_copy",
    "let_go",
    "news",
    "next_due",
    "promise",
    "release",
    "report",
    "settle",
    "shown",
    "tally",
    "will_replace",
]
