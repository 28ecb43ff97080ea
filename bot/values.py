"""What a single value of the configuration must look like; a wrong one says what is expected."""

from __future__ import annotations

import re
from collections.abc import Container
from email.utils import parseaddr
from functools import cache
from importlib.util import find_spec
from ipaddress import ip_network
from zoneinfo import available_timezones

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from handlers.language import available
from storage import mail
from storage.refusals import Refusal
from storage.tlp import Label, parse

_DRIVERS = {"sqlite", "sqlite+aiosqlite", "postgres", "postgresql", "postgresql+psycopg", "postgresql+asyncpg"}
_PORTS = 65_536
_HERE = re.compile(r"http://127\.0\.0\.1:\d{1,5}/?")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def known_zone(zone: str) -> str:
    """Return an IANA time zone as it is."""
    if zone not in _zones():
        raise ValueError(f"{zone!r} is no IANA time zone, such as Asia/Ashgabat")
    return zone


def known_label(written: str) -> str:
    """Return a label that content may carry here, in its official spelling."""
    try:
        label = parse(written)
    except Refusal:
        raise ValueError(f"{written!r} is no TLP 2.0 label, such as TLP:AMBER") from None
    if label is Label.RED:
        raise ValueError("TLP:RED is never accepted; the highest possible value is TLP:AMBER+STRICT")
    return label.value


def http_base(url: str) -> str:
    """Return the base of an HTTP API, without a slash at its end."""
    if not url.startswith(("http://", "https://")):
        raise ValueError("must begin with https:// (or http:// for a local server)")
    return url.rstrip("/")


def https_base(url: str) -> str:
    """Return the public address of a server of ours, without a slash at its end: what is mailed is opened anywhere.

    Only a trial that never leaves this machine has it on this machine, and without https.
    """
    if not url.startswith("https://") and not re.fullmatch(_HERE, url):
        raise ValueError("must begin with https://: it stands in mails (RFC 8058)")
    return url.rstrip("/")


def mail_address(written: str) -> str:
    """Return a mail address as it is."""
    try:
        return mail.proper(written)
    except Refusal:
        raise ValueError(f"{written!r} is no mail address, such as operator@example.org") from None


def sender(written: str) -> str:
    """Return an address that mail comes from, alone or behind a name: `Network <digest@example.org>`."""
    try:
        mail.proper(parseaddr(written)[1])
    except Refusal:
        raise ValueError(f"{written!r} is no mail address, such as digest@example.org") from None
    if not written.isprintable():
        raise ValueError("must be one line")
    return written


def proxy(url: str | None) -> str | None:
    """Return the address of a proxy, or None."""
    if url is not None and not url.startswith(("http://", "https://", "socks4://", "socks5://")):
        raise ValueError("must begin with http://, https://, socks4:// or socks5://")
    return url


def storage_url(url: str) -> str:
    """Return the URL of a database that one of our drivers opens."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = make_url("none://")
    if parsed.drivername not in _DRIVERS:
        raise ValueError("must be sqlite+aiosqlite:///file or postgresql://user@host/database")
    if parsed.drivername.endswith("asyncpg"):
        _asyncpg_can(parsed.query)
    return url.replace("sqlite://", "sqlite+aiosqlite://", 1) if url.startswith("sqlite://") else url


def _asyncpg_can(query: Container[str]) -> None:
    if find_spec("asyncpg") is None:
        raise ValueError("asyncpg is not installed; postgresql:// needs nothing more")
    if "sslmode" in query:
        raise ValueError("asyncpg knows ?ssl=, not ?sslmode=; postgresql:// knows sslmode")


def address(listen: str) -> str:
    """Return `host:port` to listen on."""
    host, colon, port = listen.rpartition(":")
    if not (colon and port.isascii() and port.isdigit() and 0 < int(port) < _PORTS) or set(host) & set("[]/"):
        raise ValueError("must be host:port, such as 127.0.0.1:8080")
    return listen


def spoken(languages: list[str]) -> list[str]:
    """Return languages that the bot speaks."""
    if unknown := [language for language in languages if language not in available()]:
        raise ValueError(f"not spoken: {', '.join(unknown)}; available: {', '.join(available())}")
    if not languages:
        raise ValueError("needs at least one language")
    return languages


def network(written: str) -> str:
    """Return a network of the Internet Protocol in CIDR notation."""
    try:
        return str(ip_network(written))
    except ValueError:
        raise ValueError(f"{written!r} is no network in CIDR notation, such as 10.20.0.0/16") from None
