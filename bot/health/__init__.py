"""Whether the process does its work: what it notes of itself, and what monitoring may ask over HTTP."""

from bot.health.boxes import Boxes, counts
from bot.health.server import HealthServer
from bot.health.watch import SILENCE, Limits, Watch

__all__ = ["SILENCE", "Boxes", "HealthServer", "Limits", "Watch", "counts"]
