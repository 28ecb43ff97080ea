"""Time zones in words: a country and its distance from UTC, or a city that somebody typed."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from handlers.language import Say
from storage.applications import ZONES

_MINUTE = timedelta(minutes=1)
_NO_PLACES = ("Etc/", "posix/", "right/", "SystemV/", "US/")


def by_country(say: Say, now: datetime) -> list[tuple[str, str]]:
    """Return the zones of the network's countries, each as its label (`Kazakhstan (UTC+5)`) and IANA name."""
    return [(f"{say.country(country)} ({offset(zone, now)})", zone) for country, zone in ZONES.items()]


def of_city(words: str, say: Say) -> str | None:
    """Return the IANA zone named after the city that somebody typed, in English or their own language."""
    key = _key(words.rpartition("/")[2])
    return _cities().get(key) or next((zone for zone in _zones() if _key(say.zone_name(zone)) == key), None)


@cache
def _zones() -> tuple[str, ...]:
    return tuple(sorted(name for name in available_timezones() if "/" in name and not name.startswith(_NO_PLACES)))


@cache
def _cities() -> dict[str, str]:
    return {_key(zone.rpartition("/")[2]): zone for zone in _zones()}


def _key(words: str) -> str:
    return " ".join(words.replace("_", " ").replace("-", " ").casefold().split())


def offset(zone: str, now: datetime) -> str:
    """Return a zone's distance from UTC now: `UTC+5`, `UTC+3:30`, `UTC−5`."""
    apart = now.astimezone(ZoneInfo(zone)).utcoffset() or timedelta(0)
    whole, minutes = divmod(abs(apart) // _MINUTE, 60)
    sign = "−" if apart < timedelta(0) else "+"
    return f"UTC{sign}{whole}" + (f":{minutes:02}" if minutes else "")
