"""Remarks: reviewers ask, the applicant answers or adds a note; both stay on the card."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from storage import audit
from storage.access import Viewer
from storage.applications import cards, filing, review
from storage.applications.tables import Application, Remark, RemarkKind
from storage.database import Transaction
from storage.outbox import Promise, promise
from storage.pages import Page, page
from storage.refusals import Refusal


async def ask(tx: Transaction, viewer: Viewer, application_id: int, text: str, now: datetime) -> None:
    """Ask the applicant something; they never learn who asked. Refuses as `decidable` does."""
    row = await review.decidable(tx, viewer, application_id)
    remark = Remark(application_id=row.id, member_id=viewer.id, kind=RemarkKind.QUESTION, text=text, at=now)
    tx.add(remark)
    await tx.flush()  # gives the remark its id
    event = audit.Event.APPLICATION_ASKED
    await audit.record(tx, event, now, actor=viewer.id, subject=row.member_id, application=row.id)
    await promise(tx, [Promise(row.member_id, "application:question", {"remark": remark.id})], now)
    await cards.redraw(tx, row.id, now)


async def answer(tx: Transaction, viewer: Viewer, remark_id: int, text: str, now: datetime) -> None:
    """Answer a reviewer's question; whoever asked is told. Refusal: `application:none` where nothing waits."""
    asked = await question(tx, viewer.id, remark_id)
    row = await _mine(tx, viewer, asked.application_id)
    tx.add(Remark(application_id=row.id, member_id=viewer.id, kind=RemarkKind.ANSWER, text=text, at=now))
    facts = {"application": row.id}
    await promise(tx, [Promise(asked.member_id, "application:answered", facts)], now)
    await cards.redraw(tx, row.id, now)


async def add_note(tx: Transaction, viewer: Viewer, text: str, now: datetime) -> None:
    """Add a note to one's own open application. Refusal: `application:none`."""
    row = await _mine(tx, viewer, None)
    tx.add(Remark(application_id=row.id, member_id=viewer.id, kind=RemarkKind.NOTE, text=text, at=now))
    await cards.redraw(tx, row.id, now)


async def question(tx: Transaction, member_id: int, remark_id: int) -> Remark:
    """Return a question that this applicant was asked. Refusal: `application:none`."""
    asked = await tx.get(Remark, remark_id)
    row = await filing.open_one(tx, member_id)
    if asked is None or asked.kind is not RemarkKind.QUESTION or row is None or row.id != asked.application_id:
        raise Refusal("application:none")
    return asked


async def remarks(tx: Transaction, application_id: int) -> list[Remark]:
    """Return everything that was said on an application, the oldest first."""
    return list(await tx.scalars(select(Remark).where(Remark.application_id == application_id).order_by(Remark.id)))


async def thread(tx: Transaction, viewer: Viewer, application_id: int, first: int | None, size: int) -> Page[Remark]:
    """Return a page of what was said on an application to its reviewers, the oldest first."""
    row = await review.by_id(tx, viewer, application_id)
    return await page(tx, select(Remark).where(Remark.application_id == row.id), (Remark.id,), first, size)


async def _mine(tx: Transaction, viewer: Viewer, application_id: int | None) -> Application:
    row = await filing.open_one(tx, viewer.id, lock=True)
    if row is None or application_id not in (None, row.id):
        raise Refusal("application:none")
    return row
