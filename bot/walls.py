"""Walls: what an answer tells of a link, and how a page that asks who comes is told from one that may be read."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from bot.feeds.markup import LONGEST, line
from bot.fetching import Fetched, Outcome
from bot.reading.pages import decoded
from storage.documents import Found, Look

FEW_WORDS = 1500
"""Characters of a page that does nothing but ask for access; a longer one only speaks of it."""
A_FORM = 3000
"""Characters of a page that is a form to log in; a longer one may have such a form in its margin."""
_CLOSED = frozenset({401, 403})
_TOO_MANY, _NOT_NOW = 429, 503
_WELL, _OURS = range(200, 300), range(500)
_LONGEST_WAIT = 10**8
_GATES = (
    "accounts.google.com", "login.microsoftonline.com", "login.microsoft.com", "login.live.com", "login.windows.net",
    "login.yahoo.com", "passport.yandex.ru", "passport.yandex.com", "id.atlassian.com",
)  # fmt: skip
_GATE = re.compile(
    r"(wp-|user-?|service-?)?(log[-_]?(in|on)|sign[-_]?in)|auth|authenticate|authori[sz]e|oauth2?|sso|saml2?"
    r"|accessdenied|accountchooser",
    re.IGNORECASE,
)
_FILE = re.compile(r"\.(pdf|docx?|xlsx?|pptx?|odt|ods|odp|epub|zip|csv|rtf)$", re.IGNORECASE)
_PASSWORD = re.compile(r"<input\b[^>]{0,400}?\btype\s*=\s*[\"']?password\b", re.IGNORECASE)
_TITLE = re.compile(r"<(?:title|h1)\b[^>]{0,200}>([^<]{0,300})", re.IGNORECASE)
_ASKS_ACCESS = re.compile(
    r"\byou need (access|permission)|\brequest access|\bask for access|\baccess (is )?(required|denied)"
    r"|запрос\w* доступ|нужен доступ|нет доступа|доступ запрещ[её]н",
    re.IGNORECASE,
)
_ASKS_NAME = re.compile(
    r"^(please )?(sign|log)[ -]?in\b|\b(sign|log) in to (continue|view|see|read|access|your)\b|\blogin required"
    r"|\byou (must|have to|need to) (be logged in|log in|sign in)|^(вход|войти|войдите|авторизация)\b"
    r"|(необходимо|нужно) (войти|авторизоваться)|войдите, чтобы",
    re.IGNORECASE,
)


def judged(asked: str, answer: Outcome, now: datetime) -> Look:
    """Return what an answer tells of the link that was asked for."""
    if not isinstance(answer, Fetched):
        return Look(Found.NOTHING, answer.reason)
    told, waits = f"http-{answer.status}", answer.headers.get("retry-after")
    if answer.status == _TOO_MANY or (answer.status == _NOT_NOW and waits):
        return Look(Found.BUSY, wait=_wait(waits or "", now))
    wall = _closed(asked, answer)
    if wall is not None:
        return Look(Found.WALL, wall)
    return _moved(asked, answer) if answer.status in _WELL else Look(Found.NOTHING, told)


def _closed(asked: str, answer: Fetched) -> str | None:
    """Return what stands between a stranger and the page, or None; who shared a gate is shown a gate."""
    if answer.status in _CLOSED:
        return f"http-{answer.status}"
    if answer.status not in _OURS or _is_gate(asked):
        return None
    if _is_gate(answer.url):
        return "login"
    return _wall(answer) if answer.status in _WELL and answer.hypertext else None


def _moved(asked: str, answer: Fetched) -> Look:
    if not answer.moved or not _alike(asked, answer):
        return Look(Found.WELL)
    way = (asked, answer.url, *(hop.url for hop in answer.hops))
    return Look(Found.WELL, moved=answer.url, safely=all(url.startswith("https:") for url in way))


def _is_gate(url: str) -> bool:
    parts = urlsplit(url)
    steps = (step.partition(".")[0] for step in parts.path.split("/"))
    return parts.hostname in _GATES or any(_GATE.fullmatch(step) for step in steps)


def _wall(page: Fetched) -> str | None:
    """Return what a page asks for instead of showing something: `login`, `access`, or None."""
    markup = _without("style", _without("script", decoded(page.body, page.headers.get("content-type", ""))))
    words = line(markup, LONGEST)
    if len(words) <= A_FORM and _PASSWORD.search(markup):
        return "login"
    heads = [" ".join(head.split()) for head in _TITLE.findall(markup)]
    said = [*heads, *([words] if len(words) <= FEW_WORDS else [])]
    if any(_ASKS_ACCESS.search(one) for one in said):
        return "access"
    return "login" if any(_ASKS_NAME.search(one) for one in said) else None


def _without(element: str, markup: str) -> str:
    """Return markup without an element and what it holds; each piece is looked through once, however it is broken."""
    first, *rest = re.split(rf"<{element}\b", markup, flags=re.IGNORECASE)
    ends = (re.split(rf"</{element}\b[^>]{{0,20}}>?", piece, maxsplit=1, flags=re.IGNORECASE) for piece in rest)
    return " ".join([first, *(pieces[1] for pieces in ends if pieces[1:])])


def _alike(asked: str, answer: Fetched) -> bool:
    """Tell whether a page stands elsewhere now: where a document was and the front page is, it is gone."""
    before, after = urlsplit(asked).path, urlsplit(answer.url).path
    if before.strip("/") and not after.strip("/"):
        return False
    return not (_FILE.search(before) and answer.hypertext)


def _wait(written: str, now: datetime) -> timedelta | None:
    """Return how long a site asks to be left alone, by its Retry-After, if that can be read."""
    stripped = written.strip()
    if stripped.isascii() and stripped.isdecimal():
        return timedelta(seconds=min(int(stripped[:12]), _LONGEST_WAIT))
    try:
        return parsedate_to_datetime(stripped) - now
    except (ValueError, TypeError, OverflowError):
        return None
