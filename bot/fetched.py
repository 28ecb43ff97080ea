"""What comes of asking for a page: an answer and the way to it, a refusal, or a failure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_PERMANENT = frozenset({301, 308})


@dataclass(frozen=True)
class Hop:
    """A redirect on the way: who redirected, and how."""

    url: str
    status: int


@dataclass(frozen=True)
class Fetched:
    """What came: `url` is where redirects ended, header names are lower case. 304 has no body.

    `hops` are the redirects on the way there.
    """

    url: str
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    hops: tuple[Hop, ...] = ()

    @property
    def moved(self) -> bool:
        """Whether there were redirects, and every one of them for good."""
        return bool(self.hops) and all(hop.status in _PERMANENT for hop in self.hops)

    @property
    def hypertext(self) -> bool:
        """Whether it is a web page, as it says or, where it does not say, as it begins."""
        told = self.headers.get("content-type")
        return self.body.lstrip()[:1] == b"<" if told is None else "html" in told.lower()


@dataclass(frozen=True)
class FetchRefused:
    """We do not go there, now or ever.

    `url`, `scheme`, `credentials`, `host`, `port`, `private`, `downgrade` (from https to http), `redirects`, `big`.
    """

    reason: str


@dataclass(frozen=True)
class FetchFailed:
    """It did not work this time: `name` (unknown), `connection`, `certificate`, `silence`, `encoding`."""

    reason: str


Outcome = Fetched | FetchRefused | FetchFailed
