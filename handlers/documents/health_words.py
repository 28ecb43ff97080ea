"""The words for how a document's link was found: why it does not open, and where a copy is kept."""

from __future__ import annotations

from html import escape

from handlers.language import Html, Say, text
from storage.documents import DocumentLink, LinkState

_NO_ANSWER = text("The site does not answer.")
_LOGIN = text("The site asks to log in.")
_ELSEWHERE = text("The link leads to an address that nobody can open.")
PROBLEMS = {
    "name": text("There is no site of this name."),
    "connection": _NO_ANSWER,
    "silence": _NO_ANSWER,
    "certificate": text("The site cannot prove who it is: its certificate is not valid."),
    "redirects": text("The site redirects again and again."),
    "downgrade": text("The site redirects from an encrypted address to one that is not."),
    "http-401": _LOGIN,
    "http-403": text("The site turns strangers away with error 403."),
    "http-404": text("The site has no such page any more."),
    "http-410": text("The site says that the page is gone for good."),
    "login": _LOGIN,
    "access": text("The site asks to request access."),
}


def why(problem: str | None, say: Say) -> Html:
    """Return what was found, as a sentence."""
    code = problem or "connection"
    if code in PROBLEMS:
        return say(PROBLEMS[code])
    status = code.removeprefix("http-")
    return say("The site answers with error {status}.", status=status) if status != code else say(_ELSEWHERE)


def sentence(link: DocumentLink | None, say: Say, archive_url: str | None = None) -> Html | None:
    """Return what readers should know of a link before they press it, with the copy in an archive; None if it is well.

    `link` is as `documents.link_health` returns it.
    """
    if link is None or link.state not in (LinkState.DEAD, LinkState.WALL):
        return None
    if link.state is LinkState.DEAD:
        told = say("⚠ The link has not worked since {day}.", day=say.day(link.since))
    else:
        told = say("⚠ The link cannot be opened without an account.")
    return Html(f"{told} {kept(archive_url, say)}") if archive_url else told


def kept(archive_url: str, say: Say) -> Html:
    """Return the link to the copy that an archive keeps."""
    return Html(f'<a href="{escape(archive_url)}">{say("A copy is in an archive.")}</a>')
