"""What may be said of a document besides what is asked: none of it is in the way, all of it can be edited."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from babel import UnknownLocaleError

from handlers import vocabulary
from handlers.documents.source import FIRST_YEAR, LONGEST
from handlers.documents.vocabulary import KINDS, PILLARS
from handlers.forms import Answers, Form, Option, Question, Reply, Step, line, never
from handlers.language import Html, Say, isolated, text
from storage.directory import LANGUAGES
from storage.documents import Kind
from storage.refusals import Refusal

REGION = "region"
COUNTRIES = ("KZ", "KG", "TJ", "TM", "UZ", "AF", "AZ", "CN", "IN", "IR", "MN", "PK", "RU", "TR")
"""The five states and their neighbours."""
OF_DOCUMENTS = (*LANGUAGES, "ps", "ar", "zh", "fr", "es", "de", "tr")
COMMENT_DAYS = ("14", "30")


def language_name(code: str) -> str:
    """Return a language by its own name; one that nobody here has a name for by its code."""
    try:
        return Say(code).own_name
    except (UnknownLocaleError, ValueError):
        return code


def _ask_publisher(_form: Form, say: Say) -> Question:
    return Question(say("Who published it?"))


def _ask_year(_form: Form, say: Say) -> Question:
    return Question(say("In which year?"))


def _read_year(form: Form, reply: Reply) -> int:
    last = form.now.year + 1
    written = line(10)(form, reply)
    if not written.isdecimal() or not FIRST_YEAR <= int(written) <= last:
        raise Refusal("document:year", last=last)
    return int(written)


def _ask_languages(form: Form, say: Say) -> Question:
    codes = dict.fromkeys((*OF_DOCUMENTS, *(form.answers.get("languages") or ())))
    options = tuple(Option(language_name(code), code) for code in codes)
    return Question(say("In which languages can one read it?"), options, columns=2, several=True)


def _show_languages(_form: Form, _say: Say, answer: Any) -> Html:
    return Html(", ".join(isolated(language_name(code)) for code in answer))


def _ask_description(_form: Form, say: Say) -> Question:
    return Question(say("What is it about, and whom does it help? Two or three sentences, without names of persons."))


def _ask_kind(_form: Form, say: Say) -> Question:
    return Question(
        say("What sort of document is it?"), tuple(Option(say(words), kind) for kind, words in KINDS.items())
    )


def _show_kind(_form: Form, say: Say, answer: Any) -> str:
    return say(KINDS[Kind(answer)])


def _ask_pillars(_form: Form, say: Say) -> Question:
    options = tuple(Option(say(words), code) for code, words in vocabulary.PILLARS.items())
    return Question(say("Which pillars of the Strategy does it serve?"), options, several=True)


def _show_pillars(_form: Form, say: Say, answer: Any) -> Html:
    return Html(", ".join(say(PILLARS[code]) for code in PILLARS if code in answer))


def _ask_country(_form: Form, say: Say) -> Question:
    options = (Option(say("The whole region"), REGION), *(Option(say.country(code), code) for code in COUNTRIES))
    return Question(say("Is it about one country?"), options, columns=2)


def _show_country(_form: Form, say: Say, answer: Any) -> str:
    return say("The whole region") if answer == REGION else say.country(answer)


def _ask_also(form: Form, say: Say) -> Question:
    others = [t for t in form.data.topics if str(t.id) != form.answers.get("topic")]
    options = tuple(Option(f"{t.emoji} {t.title(say.language)}", str(t.id)) for t in others)
    return Question(say("In which other topics shall it be found?"), options, several=True)


def _show_also(form: Form, say: Say, answer: Any) -> Html:
    titles = [say("{title}", title=t.title(say.language)) for t in form.data.topics if str(t.id) in answer]
    return Html(", ".join(titles))


def _ask_title_en(_form: Form, say: Say) -> Question:
    return Question(say("What is its title in English?"))


def _ask_title_ru(_form: Form, say: Say) -> Question:
    return Question(say("What is its title in Russian?"))


def _elsewhere(language: str) -> Callable[[Answers], bool]:
    """Return when a title in a language is another one than the document's own."""
    return lambda answers: answers.get("languages") != [language]


def _ask_comments(_form: Form, say: Say) -> Question:
    options = (Option(say("It is final"), "0"), *(Option(_days(days, say), days) for days in COMMENT_DAYS))
    return Question(say("Is it a draft that members may comment on, and for how long?"), options)


def _days(days: str, say: Say) -> Html:
    return say.many("{n} day", "{n} days", int(days))


def _show_comments(_form: Form, say: Say, answer: Any) -> Html:
    return say("It is final") if answer == "0" else _days(answer, say)


def said(_form: Form, _say: Say, answer: Any) -> Html:
    """Say what a person wrote."""
    return isolated(answer)


def _written(name: str, title: str, ask: Callable[[Form, Say], Question], limit: int) -> Step:
    return Step(name, title, ask, line(limit), said, optional=True, asked=never)


STEPS = (
    _written("publisher", text("Publisher"), _ask_publisher, LONGEST["publisher"]),
    Step("year", text("Year"), _ask_year, _read_year, optional=True, asked=never),
    Step("languages", text("Languages"), _ask_languages, show=_show_languages, asked=never),
    _written("description", text("Description"), _ask_description, LONGEST["description"]),
    Step("kind", text("Kind"), _ask_kind, show=_show_kind, asked=never),
    Step("pillars", text("Pillars"), _ask_pillars, show=_show_pillars, asked=never),
    Step("country", text("Country"), _ask_country, show=_show_country, asked=never),
    Step("also", text("Other topics"), _ask_also, show=_show_also, asked=never),
    replace(_written("title_en", text("In English"), _ask_title_en, LONGEST["title"]), when=_elsewhere("en")),
    replace(_written("title_ru", text("In Russian"), _ask_title_ru, LONGEST["title"]), when=_elsewhere("ru")),
    Step("comments", text("Comments"), _ask_comments, show=_show_comments, asked=never),
)
"""`title_<language>` for each language that the program speaks."""
