"""Words of mail: what everybody is told of it, whether in a chat or on a page."""

from __future__ import annotations

from handlers.language import Html, Say, text
from storage.consents import Accepted
from storage.members import Channel

CHANNELS = {
    Channel.TELEGRAM: text("Telegram"),
    Channel.EMAIL: text("E-mail"),
    Channel.BOTH: text("Both"),
}
VERSION = "1"
"""The version of what is told of mail; the hash of the very words is kept with the consent."""


def about(say: Say) -> Html:
    """Return what somebody should know before they take digests by mail."""
    return say(
        "Only what is TLP:CLEAR or TLP:GREEN goes by mail. Mail is not end-to-end encrypted: whoever runs the mail "
        "servers on its way can read it."
    )


def told(say: Say) -> Accepted:
    """Return what somebody who reads this language agrees to when they take digests by mail."""
    return Accepted(VERSION, about(say))
