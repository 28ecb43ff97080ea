"""Words for what a document is, shared by the form, the card and the filters."""

from __future__ import annotations

from handlers.language import text
from storage.documents import Kind

KINDS = {
    Kind.RESOLUTION: text("Resolution"),
    Kind.STRATEGY: text("Strategy or plan"),
    Kind.LAW: text("Law or standard"),
    Kind.REPORT: text("Report or paper"),
    Kind.HANDBOOK: text("Handbook"),
    Kind.RESEARCH: text("Research"),
    Kind.TRAINING: text("Training"),
    Kind.NEWS: text("News"),
    Kind.FORM: text("Form or template"),
    Kind.OTHER: text("Other"),
}
PILLARS = {
    "P1": text("Pillar I: conditions"),
    "P2": text("Pillar II: prevent and combat"),
    "P3": text("Pillar III: capacity"),
    "P4": text("Pillar IV: human rights"),
}
"""The pillars of the UN Global Counter-Terrorism Strategy (A/RES/60/288), in short."""
