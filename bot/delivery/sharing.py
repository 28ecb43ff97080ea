"""Sharing the pace: processes tell each other what leaves and what Telegram refused, in the transaction that leases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.delivery.landing import Terms
from bot.delivery.pace import Pace
from storage import pace as together
from storage.database import Transaction, has_server
from storage.outbox import Leased
from storage.pace import ALL


@dataclass
class Sharing:
    """What a window has to tell the others, and whether there were any when it last looked."""

    pace: Pace
    terms: Terms
    _refusals: dict[str, float] = field(default_factory=dict)
    _told: dict[str, float] = field(default_factory=dict)
    _alone: bool = False

    def refused(self, scope: str, seconds: float) -> None:
        """Note what the others have to be told: that nothing of a scope may leave for so long."""
        self._refusals[scope] = seconds

    async def keep(self, tx: Transaction, rows: Sequence[Leased]) -> None:
        """Tell the other processes what leaves and what was refused, and wait for what they have booked."""
        self._told = dict(self._refusals)
        if not has_server(tx):
            return
        for scope, seconds in self._told.items():
            await together.pause(tx, scope, seconds)
        if self._alone and not self.terms.shared():
            return
        self._alone = not self.terms.shared()
        for scope, seconds in (await together.pauses(tx)).items():
            self.pace.pause(scope, seconds)
        if rows:
            begins = await together.book(tx, self.pace.gaps(sum(not row.paid for row in rows)))
            if self.terms.paced:
                self.pace.follow(begins[ALL])

    def committed(self) -> None:
        """Forget what the others know by now."""
        self._refusals = {scope: left for scope, left in self._refusals.items() if self._told.get(scope) != left}
