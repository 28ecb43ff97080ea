"""Words of the desk: kinds, what became of a contribution, and how one reads."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlsplit

from handlers.language import Html, Say, capital, isolated, text
from handlers.screens import lines
from storage.digests.board import Card
from storage.digests.desk import Item
from storage.digests.tables import DeskItem, DeskKind, DeskState
from storage.translations import closest

KINDS = {
    DeskKind.PIN: text("Pin"),
    DeskKind.CALL: text("Call"),
    DeskKind.NEWS: text("News of members"),
    DeskKind.HOUSEKEEPING: text("Housekeeping"),
}
STATES = {
    DeskState.WAITING: text("waits for an editor"),
    DeskState.ACCEPTED: text("accepted by an editor"),
    DeskState.DECLINED: text("declined"),
    DeskState.WITHDRAWN: text("withdrawn"),
}
CLOSED = text("Contributions for No. {closed} have closed, so this is for the next issue.")


def tongue(code: str, say: Say) -> str:
    """Return the name of a language as a heading or a button begins."""
    return capital(say.language_name(code))


def headline(row: DeskItem | Item, say: Say) -> Html:
    """Return a title for its reader, with its language where that is another one."""
    titles = dict(row.titles)
    code, title = closest(titles, say.language)
    return isolated(title) if code == say.language else Html(f"{isolated(title)} ({say.language_name(code)})")


def entry(number: int, row: DeskItem, say: Say) -> str:
    """Return one line of a list: what it is, for which issue, and what became of it."""
    about = say(
        "{kind} · No. {issue} · {state}", kind=say(KINDS[row.kind]), issue=row.issue or row.planned,
        state=say(STATES[row.state]),
    )  # fmt: skip
    return f"{number}. <b>{headline(row, say)}</b>\n{about} · {row.label.value}"


def whole(item: Item, languages: tuple[str, ...], say: Say) -> Html:
    """Return something of the desk in all its languages; what the network speaks and is missing is named."""
    titles, texts = dict(item.titles), dict(item.texts)
    codes = [*titles, *(code for code in languages if code not in titles)]
    return Html(lines([*(_version(code, titles, texts, say) for code in codes), particulars(item, say)]))


def _version(code: str, titles: dict[str, str], texts: dict[str, str], say: Say) -> str:
    if code not in titles:
        return say("{language}: not translated", language=tongue(code, say))
    rows = [f"<i>{tongue(code, say)}</i>", f"<b>{isolated(titles[code])}</b>"]
    return "\n".join([*rows, *([isolated(texts[code])] if code in texts else [])])


def particulars(item: Item, say: Say) -> str:
    """Return what is said of an item besides its words: its link, its last day, from where it comes."""
    place = item.country and say.country(item.country)
    source = ", ".join(isolated(one) for one in (item.organisation, place) if one)
    rows = [
        say(KINDS[item.kind]),
        item.url and isolated(urlsplit(item.url).hostname or item.url),
        item.until and say("Last day: {day}", day=say.date(item.until)),
        source,
    ]
    return "\n".join(row for row in rows if row)


def fate(card: Card, say: Say, today: date) -> Html:
    """Return what became of a contribution, as its author reads it on a day."""
    match card.state:
        case DeskState.WAITING:
            return say("It waits for an editor, for No. {number}.", number=card.number)
        case DeskState.ACCEPTED if card.sent:
            return say("It is in No. {number}.", number=card.number)
        case DeskState.ACCEPTED if card.over(today):
            return say("It was accepted, but its last day has passed: it goes out no more.")
        case DeskState.ACCEPTED:
            return say("An editor accepted it for No. {number}.", number=card.number)
        case DeskState.DECLINED:
            return say("An editor declined it: {reason}", reason=isolated(card.reason or "–"))
        case _:
            return say("You have withdrawn it.")
