"""The sandbox's clock: it runs, stands still, and jumps when told to."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta


class SandboxClock:
    """Real time plus an offset, or a frozen moment; `version` grows with every jump."""

    def __init__(self) -> None:
        self._offset = timedelta()
        self._frozen: datetime | None = None
        self.version = 0
        self._jumped = asyncio.Condition()

    def now(self) -> datetime:
        return self._frozen or datetime.now(UTC) + self._offset

    def stamp(self) -> int:
        """Return the Unix time that messages carry."""
        return int(self.now().timestamp())

    def facts(self) -> dict[str, object]:
        now = self.now()
        return {
            "now": now.isoformat(),
            "offset": self._offset.total_seconds(),
            "version": self.version,
            "frozen": self._frozen is not None,
        }

    async def change(self, order: dict[str, object]) -> None:
        """Obey `{"advance": seconds}`, `{"to": iso}`, `{"freeze": bool}` or `{"reset": true}`."""
        if "reset" in order:
            self._offset, self._frozen = timedelta(), None
        if "freeze" in order:
            self._freeze(bool(order["freeze"]))
        if "advance" in order:
            self._move(timedelta(seconds=float(str(order["advance"]))))
        if "to" in order:
            self._move(datetime.fromisoformat(str(order["to"])) - self.now())
        self.version += 1
        async with self._jumped:
            self._jumped.notify_all()

    async def jump_after(self, version: int, timeout: float) -> None:  # noqa: ASYNC109 - a long poll's patience
        """Wait until the version differs from `version`, at most `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout), self._jumped:
                await self._jumped.wait_for(lambda: self.version != version)
        except TimeoutError:
            return

    def _freeze(self, still: bool) -> None:  # noqa: FBT001 - the order's own word
        if still:
            self._frozen = self.now()
        elif self._frozen is not None:
            self._offset, self._frozen = self._frozen - datetime.now(UTC), None

    def _move(self, by: timedelta) -> None:
        if self._frozen is not None:
            self._frozen += by
        else:
            self._offset += by
