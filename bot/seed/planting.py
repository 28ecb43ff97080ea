"""Planting: documents, events and invented people, each only once."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from bot.holiday import is_working_day
from bot.seed.announcing import announce
from bot.seed.calendar import COMING_EVENTS, PAST_EVENTS
from bot.seed.desk import desk
from bot.seed.documents import DOCUMENTS, INVENTED_DOCUMENTS, SeedDocument
from bot.seed.people import PEOPLE, SeedPerson
from storage import access, digests, directory, documents, events, mail, members, topics
from storage.announcements import Announcement
from storage.applications import ZONES
from storage.consents import TERMS_VERSION
from storage.database import Database, Transaction
from storage.digests import DeskItem
from storage.documents import Document, Draft
from storage.events import Event
from storage.mail import MailAddress
from storage.members import Category, Channel, Member, MemberState, Office, Role
from storage.tlp import Label

INVENTED_FROM = 9_000_000
"""The first Telegram number of invented members."""
WEEKDAY, AT = 0, time(9)
"""When a digest comes to who has changed nothing: as the configuration has it by default."""
SEAT = timedelta(days=730)
"""How long a focal point is in office (R-08)."""


async def plant(database: Database, now: datetime, *, invented: int = 0, people: bool = False) -> None:
    """Put the public documents and the archive in place; with `people` the demonstration's network as well.

    What is there already is left as it is. `invented` members are added, for trials of size.
    """
    async with database.transaction() as tx:
        if people:
            for person in PEOPLE:
                await _settle(tx, person, now)
        if await tx.scalar(select(func.count(Event.id))) == 0:
            await _events(tx, now, coming=people)
        if await tx.scalar(select(func.count(Document.id))) == 0:
            await _documents(tx, now, DOCUMENTS + (INVENTED_DOCUMENTS if people else ()))
        if people and await tx.scalar(select(func.count(DeskItem.id))) == 0:
            await desk(tx, now)
        if people and await tx.scalar(select(func.count(Announcement.id))) == 0:
            await announce(tx, now)
        await _invent(tx, invented, now)


async def _settle(tx: Transaction, person: SeedPerson, now: datetime) -> None:
    member = await _met(tx, person, now)
    if member.name is not None:
        return  # planted before: what they have changed since stays
    organisation = await members.organisation(tx, person.organisation)
    member.name, member.organisation_id, member.category = person.name, organisation.id, person.category
    member.country, member.zone, member.language = person.country, person.zone, person.language
    joined = now - timedelta(days=person.days)
    member.state, member.joined_at, member.language_chosen = MemberState.ACTIVE, joined, True
    member.state_since = member.validated_at = member.vouches_from = member.last_seen_at = now
    member.terms_version = TERMS_VERSION
    codes = {topic.code: topic.id for topic in await topics.everything(tx)}
    for held in person.roles:
        office = Office(held.role, codes[held.topic] if held.topic else None, held.country)
        seat = held.role is Role.FOCAL_POINT
        until, alternate = (now + SEAT, False) if seat else (None, None)
        await members.give_role(tx, member.id, office, now, until=until, alternate=alternate)
    await topics.subscribe(tx, member.id, [codes[code] for code in person.topics], now)
    await tx.flush()
    viewer = await access.viewer(tx, member.id)
    if directory.suggested(person.category, viewer.roles):  # those whom it puts at no risk to be found
        await directory.publish(tx, viewer, joined)
    await digests.schedule(tx, member, WEEKDAY, AT, now, is_working_day)
    await digests.change(tx, viewer, person.wishes, now, is_working_day)


async def _met(tx: Transaction, person: SeedPerson, now: datetime) -> Member:
    """Return the row of somebody who has met the bot, or gets its mail; their address is proved."""
    known = await mail.known_as(tx, person.mail) if person.mail else None
    if known is not None:
        return known
    if person.telegram_id is not None:
        member = await members.welcome(tx, person.telegram_id, person.language, person.zone, now)
    else:
        member = Member(language=person.language, zone=person.zone, created_at=now, state_since=now)
        tx.add(member)
        await tx.flush()
    if person.mail:
        member.channel = Channel.BOTH if person.telegram_id else Channel.EMAIL
        tx.add(MailAddress(member_id=member.id, address=person.mail, verified_at=now))
    return member


async def _events(tx: Transaction, now: datetime, *, coming: bool) -> None:
    for past in PAST_EVENTS:
        zone = ZoneInfo(past.zone)
        await events.add(
            tx,
            now=now,
            title_en=past.title_en,
            title_ru=past.title_ru,
            starts_at=datetime.combine(date.fromisoformat(past.first), time(9), zone),
            ends_at=datetime.combine(date.fromisoformat(past.last), time(18), zone),
            place_en=past.place_en,
            place_ru=past.place_ru,
            zone=past.zone,
            organiser=past.organiser,
        )
    for event in COMING_EVENTS if coming else ():
        today = now.astimezone(ZoneInfo(event.zone)).date()
        starts = datetime.combine(today + timedelta(days=event.days), time(event.hour), ZoneInfo(event.zone))
        closes = None
        if event.deadline is not None:
            closes = datetime.combine(today + timedelta(days=event.deadline), time(18), ZoneInfo(event.zone))
        await events.add(
            tx,
            now=now,
            title_en=event.title_en,
            title_ru=event.title_ru,
            starts_at=starts,
            ends_at=starts + timedelta(hours=event.hours),
            place_en=event.place_en,
            place_ru=event.place_ru,
            zone=event.zone,
            deadline_at=closes,
            demo=True,
        )


async def _documents(tx: Transaction, now: datetime, shared: tuple[SeedDocument, ...]) -> None:
    steward = next(iter(await members.holders(tx, Role.ADMINISTRATOR)), None)
    if steward is None:
        return  # nobody to share them yet: planted at the first start with an administrator
    viewer = await access.viewer(tx, steward.id)
    codes = {topic.code: topic.id for topic in await topics.everything(tx)}
    for days, seed in enumerate(reversed(shared)):
        draft = Draft(
            title=seed.title,
            topic_id=codes[seed.topic],
            label=seed.label,
            url=seed.url,
            publisher=seed.publisher,
            year=seed.year,
            languages=seed.languages,
            titles=seed.titles,
            description=seed.description,
            kind=seed.kind,
            pillars=seed.pillars,
            country=seed.country,
            also=tuple(codes[code] for code in seed.also),
        )
        await documents.share(tx, viewer, draft, Label.AMBER, now - timedelta(hours=6 * (len(shared) - days)))


async def _invent(tx: Transaction, number: int, now: datetime) -> None:
    taken = await tx.scalar(select(func.count(Member.id)).where(Member.telegram_id >= INVENTED_FROM)) or 0
    dice = random.Random(taken)  # noqa: S311 - invented people need no secrets
    organisation = await members.organisation(tx, "Invented organisation")
    for i in range(taken, taken + number):
        country, zone = dice.choice(sorted(ZONES.items()))
        tx.add(
            Member(
                telegram_id=INVENTED_FROM + i,
                state=MemberState.ACTIVE,
                language=dice.choice(["en", "ru"]),
                language_chosen=True,
                name=f"Member {i + 1}",
                organisation_id=organisation.id,
                category=dice.choice(list(Category)),
                country=country,
                zone=zone,
                joined_at=now,
                state_since=now,
                validated_at=now,
                vouches_from=now,
                last_seen_at=now,
                terms_version=TERMS_VERSION,
                created_at=now,
            )
        )
