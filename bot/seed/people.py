"""Invented people: seven members, two administrators and a newcomer. No real person is among them."""

from __future__ import annotations

from dataclasses import dataclass

from storage.members import Category


@dataclass(frozen=True)
class SeedPerson:
    """An invented person; `telegram_id` is their account in the sandbox."""

    telegram_id: int
    name: str
    organisation: str
    category: Category
    country: str
    language: str
    zone: str
    topics: tuple[str, ...] = ()
    administrator: bool = False


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
        administrator=True,
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
        administrator=True,
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
    ),
    SeedPerson(
        204,
        "Gülşat Nusgaýewa",
        "Ministry of Foreign Affairs (demo)",
        Category.GOV_POLICY,
        "TM",
        "ru",
        "Asia/Ashgabat",
        ("jpoa", "victims"),
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
    ),
)

NEWCOMERS: tuple[tuple[int, str, str], ...] = ((301, "Saltanat", "en"), (302, "Рустам", "ru"))
"""People with a Telegram account who have not met the bot yet: id, first name, language of the app."""
