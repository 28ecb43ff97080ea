"""How each line of a digest reads: one thing, its source, its label, and the language it is in where not one's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from handlers.context import Policy
from handlers.language import Html, Say, isolated
from handlers.screens import plain
from storage.announcements import Sent
from storage.digests import QUOTE, Count, Edited, Item, Section, Told
from storage.directory import Newcomer
from storage.documents import LinkState, Shelved
from storage.events import Dated
from storage.posts import Quoted
from storage.translations import closest

Where = Callable[[Dated | Shelved], str | None]
"""Returns the address that a title leads to, if it leads anywhere."""


def in_the_bot(policy: Policy) -> Where:
    """Return what leads into a chat with the bot."""

    def where(told: Dated | Shelved) -> str | None:
        kind = "doc" if isinstance(told, Shelved) else "ev"
        return policy.link(f"{kind}_{told.token}") if policy.bot_username else None

    return where


def at_the_source(told: Dated | Shelved) -> str | None:
    """Return where a document is to be found without Telegram."""
    return told.url if isinstance(told, Shelved) else None


def line(told: Told, section: Section, say: Say, where: Where) -> Html:
    """Return what one line says, without a bullet or a number."""
    if isinstance(told, Item):
        return _desked(told, say, names_source=section is not Section.PINS)
    words: Callable[[Any, Say, Where], Html] = _WORDS[type(told)]
    return words(told, say, where)


def _noted(told: Edited, say: Say, _where: Where) -> Html:
    language, words = closest(dict(told.note), say.language)
    return Html(f"<blockquote>{words}</blockquote>{_foreign(language, say)}")


def _sent(told: Sent, say: Say, _where: Where) -> Html:
    language, title = closest(dict(told.titles), say.language)
    return _marked(f"{isolated(title)}{_foreign(language, say)}", told.label.value)


def _counted(told: Count, say: Say, _where: Where) -> Html:
    papers = [say.many("{n} document", "{n} documents", told.documents)] if told.documents else []
    said = [say.many("{n} post", "{n} posts", told.posts)] if told.posts else []
    return Html(f"{isolated(told.title)}: {', '.join(papers + said)}")


def _new(told: Newcomer, say: Say, _where: Where) -> Html:
    country = say.country(told.country) if told.country else None
    return Html(", ".join(isolated(part) for part in (told.name, told.organisation, country) if part))


def _dated(told: Dated, say: Say, where: Where) -> Html:
    texts = {"en": told.title_en, "ru": told.title_ru}
    language, title = closest(texts, say.language)
    linked = _link(title, where(told))
    if told.deadline:
        when = say("{when}: deadline of {title}", when=say.moment(told.at), title=linked)
        return _marked(Html(f"{when}{_foreign(language, say)}"), told.label.value)
    place = say("online") if told.online else closest({"en": told.place_en, "ru": told.place_ru}, say.language)[1]
    return _marked(Html(f"{say.moment(told.at)}: {linked}{_foreign(language, say)}"), isolated(place), told.label.value)


def _shelved(told: Shelved, say: Say, where: Where) -> Html:
    title = told.title_in(say.language)
    source = " ".join(str(part) for part in (told.publisher, told.year) if part)
    linked = _link(title, where(told))
    named = ", ".join(part for part in (linked, isolated(source) if source else "") if part)
    tongues = f" [{escape(told.languages.replace(' ', ', '), quote=False)}]" if told.languages else ""
    return _marked(Html(f"{named}{tongues}"), told.label.value, *_health(told, say))


def _health(told: Shelved, say: Say) -> list[Html]:
    """Return what to know of a link before it is pressed, and where a copy is kept; nothing where it opens."""
    found = {
        LinkState.DEAD: say("⚠ the link no longer works"),
        LinkState.WALL: say("⚠ the link asks for an account"),
    }.get(told.link)
    if found is None:
        return []
    return [found, *([_link(say("copy in an archive"), told.archive_url)] if told.archive_url else [])]


def _quoted(told: Quoted, say: Say, _where: Where) -> Html:
    moved = [f"💬 {told.replies}"] if told.replies else []
    moved += [f"👍 {told.reactions}"] if told.reactions else []
    title = closest(dict(told.topic), say.language)[1]
    post = Html(escape(plain(told.html, QUOTE), quote=False))
    return _marked(say("{topic}: “{post}”", topic=isolated(title), post=post), *moved, told.label.value)


def _desked(told: Item, say: Say, *, names_source: bool) -> Html:
    language, title = closest(dict(told.titles), say.language)
    words = closest(dict(told.texts), say.language)[1]
    facts: list[str] = [f"{_link(title, told.url)}{_foreign(language, say)}"]
    facts += [isolated(told.organisation)] if told.organisation and names_source else []
    facts += [say("until {day}", day=say.date(told.until))] if told.until else []
    head = _marked(*facts, told.label.value)
    return Html(f"{head}\n<i>{escape(words, quote=False)}</i>") if words else head


def _foreign(language: str, say: Say) -> str:
    """Return in which language a text is, where it is not the reader's."""
    return "" if language == say.language else f" ({say.language_name(language)})"


def _link(title: str, address: str | None) -> Html:
    shown = title if isinstance(title, Html) else isolated(title)
    return Html(f'<a href="{escape(address)}">{shown}</a>') if address else shown


def _marked(*facts: str) -> Html:
    return Html(" · ".join(facts))


_WORDS: Mapping[type[Any], Callable[[Any, Say, Where], Html]] = {
    Edited: _noted, Sent: _sent, Dated: _dated, Shelved: _shelved, Quoted: _quoted, Count: _counted, Newcomer: _new,
}  # fmt: skip
