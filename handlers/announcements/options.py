"""What a draft's own screen turns on and off: that it is urgent, and that it is paid for."""

from __future__ import annotations

from handlers.announcements import draft
from handlers.announcements.fitting import fit
from handlers.announcements.paying import offered
from handlers.announcements.presses import Pay, Urgent
from handlers.context import Context
from storage import announcements
from storage.refusals import Refusal


async def toggle_urgent(context: Context, press: Urgent) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        row = await announcements.edit(tx, me, press.announcement, context.now)
        row.urgent = not row.urgent
        fit(row, context.policy)
    await draft.show_again(context, press.announcement)


async def toggle_paid(context: Context, press: Pay) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        row = await announcements.edit(tx, me, press.announcement, context.now)
        if not offered(row, context.policy):
            raise Refusal("button:old")
        row.paid = not row.paid
    await draft.show_again(context, press.announcement)
