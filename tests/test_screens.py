"""Every screen of a tour, in each language: its buttons, its marks, its length, and the way back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from record import titles
from story import Stage
from tour import Shown, tour

from bot.sandbox import entities
from handlers.language import Say, available
from storage.lengths import units
from storage.tlp import Label

ROOT = Path(__file__).parent.parent
WAYS_BACK = ("Back", "Menu", "Cancel", "Cancel it", "See my application", "Open the menu")
ROOTS = ("1|open|settings", "1|begin|application", "1|app.yes|", "1|app.no|", "1|ann.stop|", "1|lang|")
"""What only the menu, the door, the settings and cards that come by themselves show: nothing lies above them."""
STYLES = {
    "Approve": "success",
    "Accept": "success",
    "Confirm": "success",
    "Submit": "success",
    "Decline": "danger",
    "Erase my data": "danger",
    "Leave": "danger",
    "Withdraw it": "danger",
}


async def named_by_people(stage: Stage, labels: set[str]) -> set[str]:
    """Return the labels that name a topic, or something by its number and title: how long those are is not ours."""
    called = await titles(stage)
    return {label for label in labels if any(title in label for title in called) or re.match(r"[A-Z]-\d+ · ", label)}


def test_nobody_is_asked_for_a_telephone_number_and_no_keyboard_covers_the_chat() -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "handlers").rglob("*.py"))
    assert "InlineKeyboardMarkup" in sources
    assert not re.search(
        r"request_contact|request_location|ReplyKeyboard|KeyboardButton\b(?<!InlineKeyboardButton)", sources
    )


@pytest.mark.parametrize("storage_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("language", available())
async def test_a_tour_of_all_screens(stage: Stage, language: str) -> None:
    screens = await tour(stage, language)
    assert len(screens) > 65
    assert len({screen.text for screen in screens}) > 45
    say = Say(language)
    for screen in screens:
        keyboards_are_inline_and_small(screen)
        at_most_one_button_is_first_choice_and_colours_follow_words(screen, say)
        there_is_a_way_back(screen, say)
        it_is_marked_before_anything_else(screen)
        it_fits_and_shows_no_preview(screen)
    labels = {button["text"].removeprefix("✓ ") for screen in screens for button in screen.buttons}
    ours = labels - await named_by_people(stage, labels)
    assert len(ours) > 60
    assert {label for label in ours if len(label) > 24} == set()
    assert {label for label in labels if len(label) > 64} == set()
    assert await stage.rows("SELECT problem FROM inbox WHERE attempts > 0") == []


def keyboards_are_inline_and_small(screen: Shown) -> None:
    markup = screen.parameters.get("reply_markup") or {}
    assert set(markup) <= {"inline_keyboard"}, markup
    assert all(1 <= len(row) <= 3 for row in screen.rows), screen
    assert len(screen.buttons) <= 100


def at_most_one_button_is_first_choice_and_colours_follow_words(screen: Shown, say: Say) -> None:
    assert sum(button.get("style") == "primary" for button in screen.buttons) <= 1, screen
    for button in screen.buttons:
        style = {say(words): style for words, style in STYLES.items()}.get(button["text"])
        assert style is None or button.get("style") == style, button
        assert re.search(r"\w|[‹›]", button["text"]), "only its colour would say what it does"


def there_is_a_way_back(screen: Shown, say: Say) -> None:
    if not screen.buttons or any(str(b.get("callback_data")).startswith(ROOTS) for b in screen.buttons):
        return
    assert {button["text"] for button in screen.buttons} & {"‹", *map(say, WAYS_BACK)}, screen


def it_is_marked_before_anything_else(screen: Shown) -> None:
    marked = re.search(r"<b>(TLP:[A-Z+]+)</b>", screen.text)
    if marked is None:
        assert not screen.parameters.get("protect_content")
        return
    assert marked.start() == 0, screen.text
    if screen.method != "editMessageText":  # what is edited was protected before, or it comes anew
        label = Label(marked[1])
        assert bool(screen.parameters.get("protect_content")) is (label is not Label.CLEAR)


def it_fits_and_shows_no_preview(screen: Shown) -> None:
    text, found = entities.parse(screen.text, "HTML")
    assert units(text) <= (1024 if "caption" in screen.parameters else 4096)
    assert len(found) <= 100
    assert screen.parameters["parse_mode"] == "HTML"
    if "text" in screen.parameters:
        assert screen.parameters["link_preview_options"] == {"is_disabled": True}
