"""Feeds on the wire: fetched where strangers may be fetched from, read as plain text, handed to storage."""

from bot.feeds.intake import Intake

__all__ = ["Intake"]
