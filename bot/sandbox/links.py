"""Links as Telegram reads them: what it keeps, how it spells it, and whom or what a `tg:` link names."""

from __future__ import annotations

import ipaddress
import re

from bot.sandbox.formatted import SPACE

_HOST = re.compile(r"(?:[A-Za-z0-9._!$,~*'();&+=-]|[^\x00-\x7f]|%[0-9a-fA-F]{2})+")
_USER = re.compile(rf"(?:{_HOST.pattern}|:)*")
_OWN = re.compile(r"(tg|ton):(?://)?", re.IGNORECASE)
_OWN_HOST = re.compile(r"[A-Za-z0-9_-]+")
_PROTOCOL = re.compile(r"[^:/?#]*")
_AUTHORITY = re.compile(r"[^/?#]*")
_WHOLE = re.compile(r"-?[0-9]+")
_MOST_PORT = 65_535
_FIRST_PRINTABLE = 0x20


class BadLink(Exception):  # noqa: N818 - Telegram drops most of them without a word
    """A link that Telegram does not take, with its reason."""


def checked(link: str) -> str | None:
    """Return a link as Telegram keeps it, or None where it drops it in silence."""
    try:
        return read(link)
    except BadLink:
        return None


def read(link: str) -> str:
    """Return a link as Telegram keeps it.

    Raises:
        BadLink: it has no host with a dot, another protocol, or a port that is none.
    """
    own = _OWN.match(link)
    if own:
        return _read_own(own[1].lower(), link[own.end() :])
    protocol, user, host, port, path = _parts(link)
    if "." not in host and not host.startswith("["):
        raise BadLink("Wrong HTTP URL")
    shown_port = f":{port}" if port else ""
    return f"{protocol}://{f'{user}@' if user else ''}{host}{shown_port}{path}"


def user_of(link: str) -> int | None:
    """Return the user whom `tg://user?id=…` names."""
    found = parameters(link.lower(), "user")
    if found is None or not whole(found.get("id", "")):
        return None
    user_id = int(found["id"])
    return user_id if 0 < user_id < 1 << 52 else None


def whole(text: str) -> bool:
    """Tell whether this is a whole number in its one canonical spelling."""
    return bool(_WHOLE.fullmatch(text)) and str(int(text)) == text


def parameters(link: str, host: str) -> dict[str, str] | None:
    """Return the query of a `tg:` link to this host; of a name given twice, the first counts."""
    link = link.partition("#")[0]
    own = _OWN.match(link)
    if own is None or own[1].lower() != "tg":
        return None
    name, mark, query = link[own.end() :].partition("?")
    if name.removesuffix("/") != host or not mark:
        return None
    found: dict[str, str] = {}
    for pair in query.split("&"):
        key, _, value = pair.partition("=")
        found.setdefault(key, value)
    return found


def _read_own(scheme: str, rest: str) -> str:
    protocol, user, host, port, path = _parts(rest)
    if rest.lower().startswith("http://") or protocol == "https" or user or port or host.startswith("["):
        raise BadLink(f"Wrong {scheme} URL")
    if not _OWN_HOST.fullmatch(host):
        raise BadLink("Unallowed characters in URL host")
    return f"{scheme}://{host}{path[1:] if path.startswith('/?') else path}"


def _parts(url: str) -> tuple[str, str, str, int, str]:
    protocol, mark, rest = url.partition("://")
    if not mark or not _PROTOCOL.fullmatch(protocol):
        protocol, rest = "http", url
    protocol = protocol.lower()
    if protocol not in {"http", "https"}:
        raise BadLink("Unsupported URL protocol")
    authority = _AUTHORITY.match(rest)
    assert authority is not None
    user, host, port = _authority(authority[0])
    return protocol, user, host, port, _path(rest[authority.end() :])


def _authority(text: str) -> tuple[str, str, int]:
    last = max(text.rfind(c) for c in ":]@")
    port = 0
    if last > 0 and text[last] == ":":
        digits = text[last + 1 :]
        if not _WHOLE.fullmatch(digits) or not 0 < int(digits) <= _MOST_PORT:
            raise BadLink("Wrong port number specified in the URL")
        text, port = text[:last], int(digits)
    user, _, host = text.rpartition("@")
    if not host.startswith("[") and not _USER.fullmatch(user):
        raise BadLink("Disallowed character in URL authority")
    return user, _host(host), port


def _host(host: str) -> str:
    if not host:
        raise BadLink("URL host is empty")
    if host.startswith("[") and host.endswith("]"):
        try:
            ipaddress.IPv6Address(host[1:-1])
        except ValueError:
            raise BadLink("Wrong IPv6 address specified in the URL") from None
        return host.lower()
    if host == ".":
        raise BadLink("Host is invalid")
    if not _HOST.fullmatch(host):
        raise BadLink("Disallowed character in URL host")
    return "".join(c.lower() if c.isascii() else c for c in host)


def _path(path: str) -> str:
    path = path.rstrip(SPACE)
    kept = "".join(f"%{ord(c):02X}" if ord(c) <= _FIRST_PRINTABLE else c for c in path)
    return kept if kept.startswith("/") else f"/{kept}"
