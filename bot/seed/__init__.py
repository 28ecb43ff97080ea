"""What a network starts with: public documents, the archive of events, and invented people for trials."""

from __future__ import annotations

from bot.seed.planting import plant

__all__ = ["plant"]
