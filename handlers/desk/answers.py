"""What the forms of the desk ask and read: languages, titles, texts, a link, a last day, a label."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from handlers.desk.words import tongue
from handlers.forms import Answers, Form, Option, Question, Reply, Step, line
from handlers.language import Html, Say, isolated, text
from handlers.screens import lines
from handlers.vocabulary import ask_label
from storage.digests.queue import CARRIED, LONGEST_TEXT, LONGEST_TITLE, clean_link
from storage.lengths import units
from storage.refusals import Refusal
from storage.tlp import Label

LONGEST_LINK = 1000
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_DOTTED = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})")
_EMPTY_LINES = re.compile(r"\n\s*\n\s*")
MIND = text("Public and community matters only: nothing operational, personal or classified.")


def question(words: str) -> Callable[[Form, Say], Question]:
    """Return how to ask a plain question."""
    return lambda _form, say: Question(say(words))


def own_words(_form: Form, _say: Say, answer: Any) -> Html:
    """Say what a person wrote."""
    return isolated(answer)


def first_language(answers: Answers) -> str:
    """Return the language of the title that is asked first."""
    return str(answers.get("language") or answers["languages"][0])


def second_language(answers: Answers) -> str | None:
    """Return the language of the title that is asked next, where the network speaks another one."""
    return next((code for code in answers["languages"] if code != first_language(answers)), None)


def titles(answers: Answers) -> dict[str, str]:
    """Return the titles by language."""
    second = second_language(answers)
    found = {first_language(answers): answers["title"], second or "": answers.get("other")}
    return {code: title for code, title in found.items() if code and title}


def _several(answers: Answers) -> bool:
    return len(answers["languages"]) > 1


def _ask_language(form: Form, say: Say) -> Question:
    options = tuple(Option(tongue(code, say), code) for code in form.answers["languages"])
    return Question(say("In which language do you write?"), options)


def _ask_title(form: Form, say: Say) -> Question:
    language = say.language_name(first_language(form.answers))
    asked = say("What is the title? Language: {language}. At most {most} characters.", language=language,
                most=LONGEST_TITLE)  # fmt: skip
    return Question(Html(lines([asked, say(MIND)])))


def _ask_other(form: Form, say: Say) -> Question:
    language = say.language_name(second_language(form.answers) or "")
    return Question(say("And the title in another language: {language}? An editor can add it, too.", language=language))


def _ask_text(_form: Form, say: Say) -> Question:
    asked = say("What is it about? At most {most} characters, without names of persons.", most=LONGEST_TEXT)
    return Question(asked)


def paragraphs(limit: int) -> Callable[[Form, Reply], str]:
    """Return a reader of plain text in paragraphs. Refusals: `answer:text`, `answer:empty`, `answer:long`."""

    def read(_form: Form, reply: Reply) -> str:
        if reply.text is None:
            raise Refusal("answer:text")
        written = _EMPTY_LINES.sub("\n\n", reply.text.strip())
        if not any(c.isalnum() for c in written):
            raise Refusal("answer:empty")
        if units(written) > limit:
            raise Refusal("answer:long", limit=limit)
        return written

    return read


def _read_link(form: Form, reply: Reply) -> str:
    return clean_link(line(LONGEST_LINK)(form, reply))


def _read_day(form: Form, reply: Reply) -> str:
    written = line(20)(form, reply)
    iso, dotted = _ISO.fullmatch(written), _DOTTED.fullmatch(written)
    parts = iso.groups() if iso else dotted.groups()[::-1] if dotted else ()
    try:
        day = date(*(int(part) for part in parts))
    except (TypeError, ValueError):
        raise Refusal("desk:day") from None
    if day <= form.policy.editing.today(form.now):
        raise Refusal("desk:past")
    return day.isoformat()


def _ask_label(form: Form, say: Say) -> Question:
    asked = say(
        "Which Traffic Light Protocol label does it carry? Digests also leave by mail: nothing above TLP:GREEN."
    )
    return ask_label(asked, [label for label in CARRIED if label.rank <= form.policy.max_label.rank], say)


LANGUAGE = Step(
    "language", text("Language"), _ask_language, show=lambda _form, say, answer: tongue(answer, say), when=_several
)
TITLE = Step("title", text("Title"), _ask_title, line(LONGEST_TITLE), own_words)
OTHER = Step(
    "other", text("Second title"), _ask_other, line(LONGEST_TITLE), own_words, optional=True, when=_several
)  # fmt: skip
TEXT = Step("text", text("Text"), _ask_text, paragraphs(LONGEST_TEXT), own_words, optional=True)
LINK = Step(
    "url", text("Link"), question(text("Is there a link? It begins with https://")), _read_link, own_words,
    optional=True,
)  # fmt: skip
UNTIL = Step(
    "until",
    text("Last day"),
    question(text("What is the last day on which it matters? Write it like 24.12.2026.")),
    _read_day,
    lambda _form, say, answer: say.date(date.fromisoformat(answer)),
    optional=True,
    asked=lambda answers: answers.get("kind") == "call",
)
LABEL = Step("label", text("Label"), _ask_label, show=lambda _form, _say, answer: Label[answer].value)
