"""The summary before a document is shared: every field, whence it came, and what pressing the button confirms."""

from __future__ import annotations

from collections.abc import Sequence

from handlers.documents.source import TOLD, label_of, seen_of
from handlers.forms import Answers, Form, Step
from handlers.language import Html, Say
from handlers.prompts import shown
from handlers.screens import Screen, lines
from storage.lengths import units
from storage.tlp import Label

ROOM = {"title": 420, "description": 640, "named": 480}
"""How many units of a field are shown at most; all of them together fit into one message."""
_USUAL = 320
_HIDDEN = frozenset({"others"})


def summary(steps: Sequence[Step], form: Form, say: Say) -> Screen:
    """Return the summary of what these steps answer."""
    answers = form.answers
    mine = [step for step in steps if step.name not in _HIDDEN]
    groups = {
        say("You said"): [step for step in mine if _whence(step.name, answers) == "you"],
        _seen(answers, say): [step for step in mine if _whence(step.name, answers) == "seen"],
        say("As its topic has it"): [step for step in mine if _whence(step.name, answers) == "topic"],
    }
    empty = [say(step.title) for step in mine if _whence(step.name, answers) is None]
    asked = say("Please read it once more. Nothing is shared before you confirm it.")
    parts = [f"<b>{say('Share a document')}</b>", asked]
    parts += [_group(title, found, form, say) for title, found in groups.items() if found]
    parts.append(say("Left open: {fields}", fields=Html(", ".join(empty))) if empty else "")
    parts += [*_notes(answers, say), _permission(say)]
    return Screen(lines(parts), label=label_of(answers))


def _whence(name: str, answers: Answers) -> str | None:
    answer = answers.get(name)
    if answer in (None, "", []):
        return None
    if name in TOLD and answer == seen_of(answers).get(name):
        return "seen"
    return "topic" if name == "pillars" and answer == answers.get("preset") else "you"


def _seen(answers: Answers, say: Say) -> Html:
    return say("Read in the file") if "file" in answers["source"] else say("Read behind the link")


def _group(title: Html, steps: Sequence[Step], form: Form, say: Say) -> str:
    rows = [f"{say(step.title)}: {_cut(shown(step, form, say), ROOM.get(step.name, _USUAL))}" for step in steps]
    return "\n".join([f"<i>{title}</i>", *rows])


def _cut(words: str, room: int) -> str:
    """Return escaped words as far as there is room; entities and isolates stay whole."""
    if units(words) <= room:
        return words
    kept = words
    while units(kept) > room - 2:
        kept = kept[: -max(1, (units(kept) - room) // 2)]
    return f"{kept.rpartition('&')[0] if '&' in kept[-6:] else kept}…"


def _notes(answers: Answers, say: Say) -> list[Html]:
    notes = []
    if answers.get("label") == "WHITE":
        notes.append(say("TLP:WHITE is a label of TLP 1.0; it is called TLP:CLEAR now."))
    if label_of(answers) is Label.AMBER_STRICT:
        notes.append(say("Strictly for your organisation: nobody else can be named."))
    if answers.get("replaces"):
        notes.append(say("It is the new version of <code>D-{number}</code>.", number=answers["replaces"]))
    return notes


def _permission(say: Say) -> Html:
    return say(
        "By confirming you say that its source allows sharing it here, and that it holds nothing operational, "
        "personal or classified."
    )
