"""The outbox: what was promised to people, one row a recipient and part; facts, not text."""

from storage.outbox.leasing import claim, extend, next_due, release, settle
from storage.outbox.promising import forget, hold, let_go, news, promise, withhold
from storage.outbox.reading import Copy, copies, counts, landed, last_copy, report, says, shown, tally, will_replace
from storage.outbox.tables import (
    KEEP,
    ON_ITS_WAY,
    PAUSED,
    WAITING,
    Facts,
    Lane,
    OutboxRow,
    OutboxState,
    Promise,
    Settlement,
)

__all__ = [
    "KEEP",
    "ON_ITS_WAY",
    "PAUSED",
    "WAITING",
    "Copy",
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
    "landed",
    "last_copy",
    "let_go",
    "news",
    "next_due",
    "promise",
    "release",
    "report",
    "says",
    "settle",
    "shown",
    "tally",
    "will_replace",
    "withhold",
]
