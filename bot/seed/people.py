"""Invented people: seven members, some with roles, two administrators, newcomers. No real person is among them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

from storage.digests import Frequency, Wishes
from storage.members import Category, Role

USUAL = Wishes()
"""Of who leaves the digest as it is."""


@dataclass(frozen=True)
class SeedRole:
    """A role of an invented person, with its reach: a topic's code, or a country."""

    role: Role
    topic: str | None = None
    country: str | None = None


@dataclass(frozen=True)
class SeedPerson:
    """An invented person; `telegram_id` is their account in the sandbox, if they have one.

    `wishes` is what they have changed of their digest; to a `mail` address it comes as well, or only. `days` tells how
    long before planting they joined.
    """

    telegram_id: int | None
    name: str
    organisation: str
    category: Category
    country: str
    language: str
    zone: str
    topics: tuple[str, ...] = ()
    roles: tuple[SeedRole, ...] = ()
    wishes: Wishes = USUAL
    mail: str | None = None
    days: int = 60

    @property
    def administrator(self) -> bool:
        return any(held.role is Role.ADMINISTRATOR for held in self.roles)


PEOPLE: tuple[SeedPerson, ...] = (
    SeedPerson(
        101,
        "Maral Demoyeva",
        "Network secretariat",
        Category.INTL,
        "TM",
        "en",
        "Asia/Ashgabat",
        ("jpoa", "capacity", "media"),
        (SeedRole(Role.ADMINISTRATOR),),
    ),
    SeedPerson(
        102,
        "Тимур Образцов",
        "Network secretariat",
        Category.INTL,
        "KZ",
        "ru",
        "Asia/Almaty",
        ("jpoa", "border"),
        (SeedRole(Role.ADMINISTRATOR),),
        Wishes(Frequency.MONTHLY),
    ),
    SeedPerson(
        201,
        "Алия Демоева",
        "Ministry of Foreign Affairs (demo)",
        Category.GOV_POLICY,
        "KZ",
        "ru",
        "Asia/Almaty",
        ("jpoa", "media", "online"),
        (SeedRole(Role.FOCAL_POINT, country="KZ"),),
    ),
    SeedPerson(
        202,
        "Бакыт Үлгүев",
        "Demo Press Agency",
        Category.MEDIA,
        "KG",
        "ru",
        "Asia/Bishkek",
        ("media", "online"),
        (SeedRole(Role.MODERATOR, topic="media"),),
        Wishes(Frequency.DAILY, at=time(8), quiet_line=True),
    ),
    SeedPerson(
        203,
        "Ҷамшед Намунаев",
        "Prosecutor General's Office (demo)",
        Category.JUSTICE,
        "TJ",
        "ru",
        "Asia/Dushanbe",
        ("justice", "jpoa"),
        (SeedRole(Role.APPROVER),),
    ),
    SeedPerson(
        None,
        "Gülşat Nusgaýewa",
        "Ministry of Foreign Affairs (demo)",
        Category.GOV_POLICY,
        "TM",
        "ru",
        "Asia/Ashgabat",
        ("jpoa", "victims"),
        mail="gulshat@example.org",
    ),
    SeedPerson(
        205,
        "Oʻktam Namunayev",
        "Demo University",
        Category.ACADEMIA,
        "UZ",
        "ru",
        "Asia/Tashkent",
        ("youth-edu", "online"),
        wishes=Wishes(weekday=4, at=time(16)),
        days=1,
    ),
    SeedPerson(
        206,
        "Farid Namuna",
        "Demo Victim Support",
        Category.CSO,
        "AF",
        "en",
        "Asia/Kabul",
        ("victims", "dialogue"),
    ),
    SeedPerson(
        207,
        "Ingrid Eksempel",
        "Demo Donor Office",
        Category.INTL,
        "NO",
        "en",
        "Europe/Oslo",
        ("capacity", "jpoa"),
        (SeedRole(Role.AUDITOR),),
        Wishes(Frequency.FORTNIGHTLY),
        "ingrid@example.org",
    ),
)


def present() -> Sequence[tuple[int, SeedPerson]]:
    """Return those who have an account in the sandbox, each with its number."""
    return [(person.telegram_id, person) for person in PEOPLE if person.telegram_id is not None]


NEWCOMERS: tuple[tuple[int, str, str], ...] = ((301, "Saltanat", "en"), (302, "Рустам", "ru"))
"""People with a Telegram account who have not met the bot yet: id, first name, language of the app."""
