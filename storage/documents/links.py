"""Links and files as they are accepted: what an address becomes, and which files may come in."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

from storage.refusals import Refusal

FILE_LIMIT = 20 * 1024 * 1024
LONGEST_URL = 2000
_TRACKING = re.compile(r"^(utm_\w+|fbclid|gclid|yclid|ysclid|igshid|mc_[ce]id)(=|$)", re.IGNORECASE)
_HOST = re.compile(r"^([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)+[a-z][a-z0-9-]+$")
_DANGEROUS = re.compile(
    r"\.(exe|msi|msix|appx|bat|cmd|com|scr|pif|cpl|dll|ps1|psm1|vb|vbs|vbe|js|jse|ws|wsf|wsh|hta|reg|lnk|url|scf|chm"
    r"|jar|apk|ipa|app|dmg|pkg|deb|rpm|run|sh|bash|py|iso|img|vhd|vhdx|docm|dotm|xlsm|xltm|xlam|xlsb|pptm|potm|ppsm)"
    r"[\s.]*$",
    re.IGNORECASE,
)


def clean_url(written: str) -> str:
    """Return a link as it is stored: http or https, a host, no credentials, no fragment, no tracking.

    An address without `https://` is taken for one. Refusals: `document:link`.
    """
    stripped = written.strip()
    try:
        parts = urlsplit(stripped if "://" in stripped else f"https://{stripped}")
        port, host = parts.port, (parts.hostname or "").encode("idna").decode().lower()
    except ValueError:
        raise Refusal("document:link") from None
    scheme = parts.scheme.lower()
    odd = any(c.isspace() or not c.isprintable() for c in stripped) or len(stripped) > LONGEST_URL
    if odd or scheme not in {"http", "https"} or parts.username is not None or not _HOST.match(host):
        raise Refusal("document:link")
    usual = {"http": 80, "https": 443}[scheme]
    place = host if port in (None, usual) else f"{host}:{port}"
    query = "&".join(pair for pair in parts.query.split("&") if not _TRACKING.match(pair))
    return urlunsplit((scheme, place, parts.path or "/", query, ""))


def url_key(url: str) -> str:
    """Return what two addresses of the same page share."""
    parts = urlsplit(clean_url(url))
    return f"{parts.netloc.removeprefix('www.')}{parts.path.rstrip('/')}?{parts.query}".rstrip("?")


def check_file(name: str, size: int) -> None:
    """Refuse files that are too big (`document:big`) or could run (`document:dangerous`)."""
    if size > FILE_LIMIT:
        raise Refusal("document:big")
    if _DANGEROUS.search(name):
        raise Refusal("document:dangerous")
