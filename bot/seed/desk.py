"""What lies on the desk of the demonstration: the approved issue that comes next, and a contribution that waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from storage import access, digests, members
from storage.access import Viewer
from storage.database import Transaction
from storage.digests import DeskItem, DeskKind, DeskState, Editing, Rhythm, board, issues, next_due, signing
from storage.digests.times import week_of
from storage.tlp import Label

EDITING = Editing("Asia/Ashgabat", 4, time(15))
"""When contributions close: as the configuration has it by default."""
RHYTHM = Rhythm(0, time(9), EDITING.zone)
"""When most digests come."""
EDITOR, FOCAL_POINT = 101, 201

NOTE: Mapping[str, str] = {
    "en": "Good morning! Two things before the year ends: the <b>good-practice note</b> still takes comments, "
    "and Dushanbe is looking for trainers.",
    "ru": "Доброе утро! До конца года успеваем две вещи: собираем замечания к <b>записке о передовом опыте</b> "
    "и ищем тренеров для Душанбе.",
}
"""What the editor says on top of the coming issue, by language."""


@dataclass(frozen=True)
class SeedItem:
    """An invented pin or contribution; `days` after planting is the last one on which it matters."""

    kind: DeskKind
    author: int
    titles: Mapping[str, str]
    texts: Mapping[str, str] = field(default_factory=dict)
    label: Label = Label.CLEAR
    url: str | None = None
    days: int | None = None
    waits: bool = False


ITEMS: tuple[SeedItem, ...] = (
    SeedItem(
        DeskKind.PIN,
        EDITOR,
        {
            "en": "DEMO — Please look through your profile before the annual meeting",
            "ru": "ДЕМО — Проверьте свой профиль до ежегодной встречи",
        },
        {
            "en": "Two minutes are enough: the bot’s settings lead there.",
            "ru": "Хватит двух минут: к нему ведут настройки бота.",
        },
    ),
    SeedItem(
        DeskKind.CALL,
        EDITOR,
        {
            "en": "DEMO — Trainers wanted for the workshop on community policing",
            "ru": "ДЕМО — Нужны тренеры для семинара о работе полиции с населением",
        },
        {
            "en": "Three days in Dushanbe; working languages are Russian and Tajik.",
            "ru": "Три дня в Душанбе; рабочие языки — русский и таджикский.",
        },
        url="https://example.org/demo/trainers",
        days=21,
    ),
    SeedItem(
        DeskKind.NEWS,
        FOCAL_POINT,
        {"ru": "ДЕМО — В Астане начался курс для редакторов новостей"},
        {"ru": "Двадцать редакторов учатся писать о терроризме, не помогая ему. Материалы будут в библиотеке."},
        label=Label.GREEN,
    ),
    SeedItem(
        DeskKind.CALL,
        FOCAL_POINT,
        {"ru": "ДЕМО — Летняя школа для молодых исследователей: приём заявок"},
        {"ru": "Алматы, две недели в июле. Дорогу оплачивают организаторы."},
        url="https://example.org/demo/school",
        days=60,
        waits=True,
    ),
)


async def desk(tx: Transaction, now: datetime) -> None:
    """Put the items on the desk, and let the editor approve the issue that comes next and one that is already out."""
    await issues.ensure(tx, EDITING, now)
    people = {number: await _viewer(tx, number) for number in (EDITOR, FOCAL_POINT)}
    editor = people[EDITOR]
    this, coming = [await _number(tx, day) for day in (now, next_due(now, RHYTHM))]
    if this != coming:
        await _approve(tx, editor, this, now)
    for item in ITEMS:
        tx.add(_row(item, people[item.author], editor, coming, now))
    for language, words in NOTE.items():
        await signing.write_note(tx, editor, coming, language, words, EDITING, now)
    await _approve(tx, editor, coming, now)


async def _viewer(tx: Transaction, telegram_id: int) -> Viewer:
    member = await members.by_telegram(tx, telegram_id)
    assert member is not None
    return await access.viewer(tx, member.id)


async def _number(tx: Transaction, day: datetime) -> int:
    issue = await digests.of_week(tx, week_of(day, EDITING.zone))
    assert issue is not None
    return issue.number


async def _approve(tx: Transaction, editor: Viewer, number: int, now: datetime) -> None:
    await tx.flush()
    seen = await board.board(tx, editor, number, EDITING, now)
    await signing.approve(tx, editor, number, seen.digest, EDITING, now)


def _row(item: SeedItem, author: Viewer, editor: Viewer, coming: int, now: datetime) -> DeskItem:
    decided = {} if item.waits else {"decided_by": editor.id, "decided_at": now}
    return DeskItem(
        kind=item.kind,
        state=DeskState.WAITING if item.waits else DeskState.ACCEPTED,
        titles=dict(item.titles),
        texts=dict(item.texts),
        url=item.url,
        label=item.label,
        until=EDITING.today(now) + timedelta(days=item.days) if item.days else None,
        author_id=author.id,
        organisation_id=author.organisation_id,
        country=author.country,
        submitted_at=now,
        planned=coming + 1 if item.waits else coming,
        **decided,
    )
