"""Which web addresses may be asked for, and which numeric ones belong to the public internet, however written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_RELAYS = IPv4Network("192.88.99.0/24")
_TRANSLATED = IPv6Network("64:ff9b::/96")
"""NAT64 (RFC 6052): the last 32 bits are an IPv4 address, which is where a translator will go."""
_DOCUMENTATION = IPv6Network("3fff::/20")

LONGEST_URL = 2000
_WEB = frozenset({80, 443})
_PRIVILEGED = 1024
_SERVICES = frozenset(
    {1719, 1720, 1723, 2049, 3306, 3389, 3659, 4045, 4190, 5060, 5061, 5432, 6000, 6379, 6566, 6665, 6666, 6667, 6668,
     6669, 6679, 6697, 9200, 10080, 11211, 27017}
)  # fmt: skip
"""Ports above the privileged ones at which no page is served: what browsers block (WHATWG Fetch), and data stores."""
_NUMERIC = re.compile(r"(^|\.)(\d+|0[xX][0-9a-fA-F]*)\.?$")
_QUAD = re.compile(r"(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}")


def problem_of(url: str, before: str | None = None) -> str | None:
    """Return why an address is not one of a page that anybody could open, or None. Where its name leads is not asked.

    `url` (no address at all), `scheme`, `credentials`, `host`, `port`; and `downgrade` where `before`, the address
    that redirects to it, was encrypted and it is not.
    """
    parts = _split(url)
    if parts is None:
        return "url"
    if parts.scheme not in {"http", "https"}:
        return "scheme"
    if parts.scheme == "http" and before is not None and before.startswith("https:"):
        return "downgrade"
    if "@" in parts.netloc:
        return "credentials"
    if not _is_host(parts.hostname or ""):
        return "host"
    return None if parts.port is None or serves_pages(parts.port) else "port"


def _split(url: str) -> SplitResult | None:
    if len(url) > LONGEST_URL or not url.isprintable() or " " in url or "\\" in url:
        return None
    try:
        parts = urlsplit(url)
        assert parts.port is None or parts.port >= 0  # reading it is what refuses
    except ValueError:
        return None
    return parts


def _is_host(host: str) -> bool:
    if ":" in host:
        return "%" not in host
    # 2130706433, 0x7f.1 and 0177.0.0.1 are 127.0.0.1 to some: what ends in a number is a dotted quad or nothing.
    try:
        plain = host.encode("idna").decode()
    except UnicodeError:
        return False
    return bool(plain) and "%" not in plain and (_NUMERIC.search(plain) is None or _QUAD.fullmatch(plain) is not None)


def serves_pages(port: int) -> bool:
    """Tell whether pages are served there: 80, 443, and what is neither privileged nor known for something else."""
    return port in _WEB or (port >= _PRIVILEGED and port not in _SERVICES)


def inner(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 one carries (mapped, 6to4, NAT64), or else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def is_public(address: Address) -> bool:
    """Tell whether an address is of the public internet: not private, loopback, link-local, shared or reserved."""
    meant = inner(address)
    if not meant.is_global or meant.is_multicast:
        return False
    if isinstance(meant, IPv4Address):
        return meant not in _RELAYS
    return meant in _GLOBAL_UNICAST and meant not in _DOCUMENTATION


def may_be_reached(written: str, private_networks: Sequence[Network]) -> bool:
    """Tell whether a numeric address may be dialled: it is public, or the operator opened its network."""
    try:
        address = ip_address(written)
    except ValueError:
        return False
    meant = inner(address)
    return is_public(address) or any(meant in network for network in private_networks)


def networks(written: Sequence[str]) -> tuple[Network, ...]:
    """Read networks in CIDR notation, as `values.cidr` accepts them."""
    return tuple(ip_network(one) for one in written)
