"""Every text exists in every language, with the same variables, the same tags and the right plurals."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from bot.sandbox import entities
from handlers.language import SOURCE, TEXTS, Say, available

ROOT = Path(__file__).parent.parent
Message = str | tuple[str, str]
OTHERS = [language for language in available() if language != SOURCE]


def said() -> dict[Message, str]:
    """Return every text of the source, and where it is said."""
    found: dict[Message, str] = {}
    for path in [*(ROOT / "handlers").rglob("*.py"), ROOT / "bot" / "profile.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            message = _message(node) if isinstance(node, ast.Call) else None
            if message is not None:
                found[message] = f"{path.name}:{node.lineno}"
    return found


def _message(call: ast.Call) -> Message | None:
    words = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    if isinstance(call.func, ast.Attribute) and call.func.attr == "many":
        return (words[0], words[1])
    speaks = {"say", "text"}
    named = isinstance(call.func, ast.Name) and call.func.id in speaks
    owned = isinstance(call.func, ast.Attribute) and call.func.attr == "say"
    made = isinstance(call.func, ast.Call) and isinstance(call.func.func, ast.Name) and call.func.func.id == "Say"
    return words[0] if words and (named or owned or made) else None


def catalogue(language: str) -> dict[Message, tuple[str, ...]]:
    found: dict[Message, tuple[str, ...]] = {}
    for path in (TEXTS / language).glob("*.po"):
        with path.open("rb") as file:
            for entry in read_po(file, locale=language):
                if entry.id:
                    key = entry.id if isinstance(entry.id, str) else (entry.id[0], entry.id[1])
                    value = (entry.string,) if isinstance(entry.string, str) else tuple(entry.string)
                    assert found.get(key, value) == value, f"{key!r} is translated in two ways"
                    assert not entry.fuzzy, f"{key!r} is fuzzy"
                    found[key] = value
    return found


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated_and_no_translation_is_left_over(language: str) -> None:
    used, known = said(), catalogue(language)

    missing = {message: place for message, place in used.items() if message not in known}
    unused = [message for message in known if message not in used]

    assert missing == {}
    assert unused == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_same_variables_and_tags(language: str) -> None:
    for message, translated in catalogue(language).items():
        source = message if isinstance(message, str) else message[1]
        for words in translated:
            assert words.strip(), message
            assert _variables(words) == _variables(source), message
            assert _tags(words) == _tags(source), message


@pytest.mark.parametrize("language", OTHERS)
def test_plurals_have_as_many_forms_as_the_language(language: str) -> None:
    forms = {"ru": 3}[language]
    for message, translated in catalogue(language).items():
        assert len(translated) == (forms if isinstance(message, tuple) else 1), message


def test_every_text_is_well_formed_for_telegram() -> None:
    for language in OTHERS:
        for message, translated in catalogue(language).items():
            for words in (*translated, *([message] if isinstance(message, str) else message)):
                entities.parse(words, "HTML")


@pytest.mark.parametrize("n", [0, 1, 2, 5, 11, 21, 22, 25, 101, 111])
def test_russian_counts_as_russians_do(n: int) -> None:
    form = Say("ru").many("{n} recipient", "{n} recipients", n)

    one = n % 10 == 1 and n % 100 != 11
    few = n % 10 in (2, 3, 4) and n % 100 not in (12, 13, 14)
    assert form == f"{n} {'получатель' if one else 'получателя' if few else 'получателей'}"


def _variables(words: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", words))


def _tags(words: str) -> list[str]:
    return sorted(re.findall(r"</?[a-z-]+", words))
