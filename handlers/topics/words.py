"""Words about topics: who may come in, and at which level one gets a topic."""

from __future__ import annotations

from handlers.language import Html, Say, text
from handlers.vocabulary import PILLARS
from storage.topics import Level, Policy, Topic

POLICIES = {
    Policy.OPEN: text("open to every member"),
    Policy.REQUEST: text("on request: its leads decide who joins"),
    Policy.CLOSED: text("closed: nobody else sees that it exists"),
}
LEVELS = {
    Level.LIVE: text("Follow live"),
    Level.DIGEST: text("Follow in digest"),
    Level.MUTE: text("Mute"),
}
GOT = {
    Level.LIVE: text("live"),
    Level.DIGEST: text("in digest"),
    Level.MUTE: text("muted"),
}
STANDING = {
    Level.LIVE: text("You follow it live: posts reach you as they come, and the digest sums them up."),
    Level.DIGEST: text("You follow it in your digest."),
    Level.MUTE: text("You have muted it: it is not in your digest."),
    None: text("You do not follow it."),
}


def titled(topic: Topic, say: Say) -> str:
    """Return a topic as a button says it."""
    return f"{topic.emoji} {topic.title(say.language)}"


def pillars(topic: Topic, say: Say) -> Html:
    """Return the names of a topic's pillars."""
    return Html(", ".join(say(PILLARS[code]) for code in topic.pillars if code in PILLARS))
