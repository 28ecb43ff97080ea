"""Items: the card of one item, which a moderator publishes or rejects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from handlers.buttons import Button, Press
from handlers.context import Context, Policy
from handlers.feature import Notice
from handlers.language import Html, Say, isolated, text
from handlers.screens import Screen, lines
from storage import feeds
from storage.access import Viewer, moderates
from storage.database import Transaction
from storage.feeds import Card, ItemState
from storage.outbox import Facts
from storage.refusals import Refusal

DECIDED = {
    ItemState.PUBLISHED: text("Published by {by}."),
    ItemState.REJECTED: text("Rejected by {by}."),
    ItemState.EXPIRED: text("Nobody decided in time, or its feed was removed."),
}


@dataclass(frozen=True)
class DecideItem(Press, prefix="feed.item"):
    """Publish an item (1), or reject it (0)."""

    item: int
    publish: int


async def decide(context: Context, press: DecideItem) -> None:
    async with context.transaction() as tx:
        me = await context.myself(tx)
        await feeds.decide(tx, me, press.item, context.now, publish=bool(press.publish))


async def _load(tx: Transaction, facts: Facts, viewers: Sequence[Viewer]) -> Mapping[int, Card]:
    with suppress(Refusal):
        found = await feeds.item(tx, facts["item"])
        return {viewer.id: found for viewer in viewers if moderates(viewer, found.topic.id)}
    return {}


def _card(card: Card, say: Say, _policy: Policy) -> Screen:
    item = card.item
    source = isolated(card.source or "–")
    begun = say("For the topic {topic}, from the feed {source}:", topic=_title(card, say), source=source)
    title = f"<b>{isolated(item.title)}</b>\n{isolated(urlsplit(item.url).hostname or '')}"
    when = say("Published there {when}.", when=say.moment(item.published_at)) if item.published_at else None
    summary = f"<blockquote expandable>{isolated(item.summary)}</blockquote>" if item.summary else None
    words = lines([begun, title, summary, when])
    read = (Button(say("Read it"), url=item.url),)
    if item.state in DECIDED:
        decided = say(DECIDED[item.state], by=isolated(card.by))
        return Screen(lines([words, f"<b>{decided}</b>"]), (read,), card.label)
    yes = Button(say("Publish"), DecideItem(item.id, 1), style="success")
    no = Button(say("Reject"), DecideItem(item.id, 0), style="danger")
    return Screen(words, ((yes, no), read), card.label)


def _title(card: Card, say: Say) -> Html:
    return isolated(card.topic.title(say.language))


CARD = Notice("feed:item", _card, _load)
