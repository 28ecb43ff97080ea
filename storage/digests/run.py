"""The run: the digests that are due, merged and promised portion by portion, and noted where they could not be made."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update

from storage import announcements, members, topics
from storage.announcements import Mailbag
from storage.bulk import insert_many, update_many
from storage.database import Transaction
from storage.digests.claiming import Due, Terms, Turn, claim, claimable
from storage.digests.issues import of_weeks
from storage.digests.merging import Findings, Period, find
from storage.digests.tables import Digest, DigestIssue, DigestSchedule, DigestState
from storage.digests.times import Day, Frequency, Week, week_of
from storage.members import Channel, Member
from storage.outbox import Facts, Lane, Promise, promise
from storage.topics import Reader

ISSUE = "digest:issue"
LATEST = timedelta(days=3)
"""How late a digest may still be made after the bot was down."""
SETTLED = timedelta(minutes=1)
"""What is younger than this is left to the next digest: its transaction may not be committed yet."""
LONGEST = timedelta(days=45)
"""How far a digest looks back, whoever was away for longer."""
PORTION = 500
"""How many members' digests are made in one transaction."""

_BREATH = 50
_ONCE = ("member_id", "iso_year", "iso_week", "slot")
_MOST_ISSUES = 9
"""How many issues are read: those of the weeks that a digest looks back on, and two that are numbered ahead."""
_GOOD_FOR, _AT_LEAST = timedelta(days=6), timedelta(days=1)
"""How long a digest may be on its way: from when it was due, and at least from when it was made."""


async def begin(tx: Transaction, now: datetime) -> Findings | None:
    """Return what was new for those whose digest is due; None where none is."""
    since, above = func.min(DigestSchedule.covered_until), func.min(DigestSchedule.edited_upto)
    first = func.count().filter(DigestSchedule.covered_until.is_(None))
    facts = select(since, above, first, func.count()).select_from(DigestSchedule).where(claimable(now))
    row: Any = (await tx.execute(facts)).one()
    oldest, lowest, new, number = row
    if not number:
        return None
    upto = await tx.scalar(select(func.max(DigestIssue.number))) or 0
    begins = now - LONGEST if new else max(oldest, now - LONGEST)
    return await find(tx, Period(begins, now, max(lowest, upto - _MOST_ISSUES), upto, first=bool(new)))


async def run(tx: Transaction, found: Findings, terms: Terms, limit: int = PORTION) -> int:
    """Make and promise the digests of up to `limit` members; return how many schedules were moved on.

    Who has come to be due since `found` was read, by an approval or a return, is left to the next run.
    """
    claimed = [due for due in await claim(tx, terms.now, limit) if _is_read_for(found, due)]
    if not claimed:
        return 0
    turns = [due.turn(terms) for due in claimed]
    issues = await of_weeks(tx, {day[:2] for turn in turns for _, day in turn.owed})
    if any(issue.approved_at and not _is_told(found, issue) for issue in issues.values()):
        return 0
    ids = [due.member_id for due in claimed]
    held = await members.offices(tx, ids)
    readers = await topics.readers(tx, [due.viewer(held[due.member_id]) for due in claimed])
    bag = await announcements.mailbag(tx, found.sent, ids)
    missed = await _missed(tx, [due.member_id for due in claimed if due.covered_until is None])
    portion = _Portion(found, terms, bag, readers, issues, missed)
    for n, (due, turn) in enumerate(zip(claimed, turns, strict=True)):
        portion.take(due, turn)
        if n % _BREATH == 0:
            await asyncio.sleep(0)  # others have their turn in between
    await portion.write(tx)
    return len(claimed)


def _is_read_for(found: Findings, due: Due) -> bool:
    """Tell whether what was read reaches back as far as a schedule needs."""
    period = found.period
    whole = period.since <= period.until - LONGEST
    if due.covered_until is None:
        return period.first and whole
    edited = period.above <= max(due.edited_upto, period.upto - _MOST_ISSUES)
    return edited and (whole or period.since <= due.covered_until)


def _is_told(found: Findings, issue: DigestIssue) -> bool:
    """Tell whether what an editor approved was read, or had been told before to all who were due."""
    return issue.number <= found.period.above or found.tells_of(issue.number)


async def _missed(tx: Transaction, member_ids: list[int]) -> dict[int, datetime]:
    """Return since when members miss news who only ever missed digests."""
    if not member_ids:
        return {}
    begins = select(Digest.member_id, func.min(Digest.period_start)).where(Digest.member_id.in_(member_ids))
    return {row[0]: row[1] for row in await tx.execute(begins.group_by(Digest.member_id))}


@dataclass
class _Portion:
    """Some members' digests: what they are made of, and the rows that they become.

    `missed` is since when those miss news who never got a digest.
    """

    found: Findings
    terms: Terms
    bag: Mailbag
    readers: Mapping[int, Reader]
    issues: Mapping[Week, DigestIssue]
    missed: Mapping[int, datetime]
    facts: dict[tuple[int, ...], Facts] = field(default_factory=dict)
    digests: list[dict[str, Any]] = field(default_factory=list)
    letters: list[Promise] = field(default_factory=list)
    schedules: list[dict[str, Any]] = field(default_factory=list)

    def take(self, due: Due, turn: Turn) -> None:
        """Make the last digest that is owed, unless it is too late or waits for its editor; note the others."""
        covered, edited, missed = due.covered_until, due.edited_upto, list(turn.owed)
        if missed and self._waits(due, missed[-1][1]):
            self._keep(due, due.next_due_at, covered, edited, waits_for=self.issues[missed[-1][1][:2]].number)
            return
        if missed and self._may_leave(*missed[-1]):
            at, day = missed.pop()
            since = due.covered_until or self.missed.get(due.member_id) or turn.owed[0][0] - due.frequency.span
            covered, edited = self._make(due, at, day, max(since, at - LONGEST), turn.after)
        for at, day in missed:
            self.digests.append(self._row(due, day, DigestState.SKIPPED, at - due.frequency.span, at))
        self._keep(due, turn.after, covered, edited)

    def _waits(self, due: Due, day: Day) -> bool:
        """Tell whether a digest waits for an editor (R-13): while its week lasts, an approval may still come."""
        issue = self.issues.get(day[:2])
        unsigned = issue is not None and issue.approved_at is None and not self.terms.unsigned
        return unsigned and week_of(self.terms.now, due.zone) == day[:2]

    def _may_leave(self, at: datetime, day: Day) -> bool:
        """Tell whether a digest is signed where it must be, and not too late after it could have left."""
        if self.terms.unsigned:
            return self.terms.now - at <= LATEST
        issue = self.issues.get(day[:2])
        signed_at = None if issue is None else issue.approved_at
        return signed_at is not None and self.terms.now - max(at, signed_at) <= LATEST

    def _make(self, due: Due, at: datetime, day: Day, since: datetime, after: datetime) -> tuple[datetime, int]:
        """Make a digest, and promise it if it says anything; return up to when, and which issue, all is told now."""
        number = self._number(day)
        first = due.covered_until is None
        period = Period(since, at - SETTLED, number - 1 if first else due.edited_upto, number, first, after - SETTLED)
        merged = self.found.merge(self.readers[due.member_id], self.bag, period)
        says = not merged.empty or due.quiet_line
        row = self._row(due, day, DigestState.QUEUED if says else DigestState.EMPTY, since, period.until)
        breaks = self.terms.divide(merged.sections)
        row["items"], row["breaks"] = merged.items(), breaks
        self.digests.append(row)
        if says:
            self._promise(due, at, day, len(breaks), mails=bool(merged.sections) or due.quiet_line)
        return period.until, max(due.edited_upto, self.found.edited_upto(number))

    def _promise(self, due: Due, at: datetime, day: Day, parts: int, *, mails: bool) -> None:
        """Promise a digest where its member wants it: in parts to Telegram; whole by mail, if it `mails` anything."""
        week, slot = list(day[:2]), _slot(due, day)
        subject = f"digest:{day[0]}-W{day[1]}"
        rings, silent = due.rings(at, self.terms)
        by_mail = self.terms.mails and due.channel is not Channel.TELEGRAM and due.address is not None
        by_chat = due.channel is not Channel.EMAIL or not by_mail
        expires_at = max(at + _GOOD_FOR, self.terms.now + _AT_LEAST)
        lanes = [(Lane.BULK, part) for part in range(1, parts + 1) if by_chat] + [(Lane.MAIL, 0)] * (by_mail and mails)
        for lane, part in lanes:
            facts = self.facts.setdefault((*week, slot, part), {"week": week, "slot": slot, "part": part})
            key = f"{subject}:{due.member_id}:{slot}:{part}"
            told = lane is Lane.BULK
            self.letters.append(
                Promise(due.member_id, ISSUE, facts, lane, subject, key, silent=silent and told,
                        due_at=rings if told else None, expires_at=expires_at)
            )  # fmt: skip

    def _row(self, due: Due, day: Day, state: DigestState, since: datetime, until: datetime) -> dict[str, Any]:
        year, week, iso_day = day
        return {
            "member_id": due.member_id, "number": self._number(day), "slot": _slot(due, day), "state": state,
            "iso_year": year, "iso_week": week, "iso_day": iso_day, "created_at": self.terms.now,
            "period_start": since, "period_end": until, "items": {}, "breaks": [],
        }  # fmt: skip

    def _number(self, day: Day) -> int:
        """Return the number of a day's issue; 0 where the bot was down for so long that nobody numbered it."""
        issue = self.issues.get(day[:2])
        return 0 if issue is None else issue.number

    def _keep(
        self, due: Due, after: datetime, covered: datetime | None, edited: int, waits_for: int | None = None
    ) -> None:
        self.schedules.append(
            {
                "member_id": due.member_id,
                "next_due_at": after,
                "covered_until": covered,
                "edited_upto": edited,
                "waits_for": waits_for,
            }
        )

    async def write(self, tx: Transaction) -> None:
        """Write the digests and their promises, and move the schedules on; what is there already stays as it is."""
        await insert_many(tx, Digest.metadata.tables["digest"], self.digests, _ONCE)
        await promise(tx, self.letters, self.terms.now)
        await update_many(tx, Digest.metadata.tables["digest_schedule"], self.schedules, "member_id")


def _slot(due: Due, day: Day) -> int:
    """Return what makes a digest the only one: nothing besides its week, or the day of a daily one."""
    return day[2] if due.frequency is Frequency.DAILY else 0


async def give_up_waiting(tx: Transaction, now: datetime) -> None:
    """Let digests go on that wait for an issue whose week has ended where their members live: nobody signed it."""
    facts = (DigestIssue.number, DigestIssue.iso_year, DigestIssue.iso_week, Member.zone)
    waiting = select(*facts).join(DigestSchedule, DigestSchedule.waits_for == DigestIssue.number)
    found: Any = await tx.execute(waiting.join(Member, Member.id == DigestSchedule.member_id).distinct())
    for number, *week, zone in found:
        if week_of(now, zone) > tuple(week):
            there = select(Member.id).where(Member.zone == zone)
            theirs = update(DigestSchedule).where(DigestSchedule.waits_for == number)
            await tx.execute(theirs.where(DigestSchedule.member_id.in_(there)).values(waits_for=None))
