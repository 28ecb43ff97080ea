"""Words for what a digest's settings are called, on the screen and on buttons."""

from __future__ import annotations

from datetime import time

from handlers.language import Say, text
from storage.digests import Frequency
from storage.members import Channel

FREQUENCIES = {
    Frequency.DAILY: text("on every working day"),
    Frequency.WEEKLY: text("every week"),
    Frequency.FORTNIGHTLY: text("every two weeks"),
    Frequency.MONTHLY: text("once a month"),
}
CHANNELS = {
    Channel.TELEGRAM: text("Telegram"),
    Channel.EMAIL: text("e-mail"),
    Channel.BOTH: text("Telegram and e-mail"),
}


def nights(begin: time, end: time, say: Say) -> str:
    """Return quiet hours in words: `21:00–08:00`, or that there are none."""
    return say("none") if begin == end else f"{begin:%H:%M}–{end:%H:%M}"
