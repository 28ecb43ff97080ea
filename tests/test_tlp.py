"""The Traffic Light Protocol's labels: how people write them, how they are written, and their order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.refusals import Refusal
from storage.tlp import Label, highest, parse

CANONICAL = ["TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED"]
WORDS = ["CLEAR", "WHITE", "GREEN", "AMBER", "RED"]


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("TLP:GREEN", Label.GREEN),
        ("tlp:green", Label.GREEN),
        ("TLP: GREEN", Label.GREEN),
        ("TLP GREEN", Label.GREEN),
        ("  Green\n", Label.GREEN),
        ("TLP:CLEAR", Label.CLEAR),
        ("TLP:WHITE", Label.CLEAR),
        ("white", Label.CLEAR),
        ("amber", Label.AMBER),
        ("TLP:AMBER+STRICT", Label.AMBER_STRICT),
        ("TLP:AMBER STRICT", Label.AMBER_STRICT),
        ("tlp amber-strict", Label.AMBER_STRICT),
        ("Amber_Strict", Label.AMBER_STRICT),
        ("TLP-RED", Label.RED),
    ],
)
def test_a_label_is_read_as_people_write_it(written: str, label: Label) -> None:
    assert parse(written) is label


@pytest.mark.parametrize(
    "written",
    ["", " ", "TLP", "TLP:", "strict", "GREENISH", "TLP:GREEN today", "ЗЕЛЁНЫЙ", "TLP:BLUE", "not red", "GREEN RED"],
)
def test_what_is_no_label_is_refused_and_never_taken_for_clear(written: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse(written)

    assert refused.value.reason == "label:unknown"


@given(st.text(max_size=30).filter(lambda text: not any(word in text.upper() for word in WORDS)))
def test_text_without_the_word_of_a_label_is_refused(written: str) -> None:
    with pytest.raises(Refusal):
        parse(written)


@given(st.sampled_from(Label), st.sampled_from(["", "tlp", "TLP:", "tlp : "]), st.booleans())
def test_what_is_written_can_be_read_again(label: Label, prefix: str, small: bool) -> None:  # noqa: FBT001
    word = label.value.removeprefix("TLP:")
    assert parse(prefix + (word.lower() if small else word)) is label
    assert parse(label.value) is label


def test_labels_are_written_in_their_canonical_form_and_order() -> None:
    assert [label.value for label in Label] == CANONICAL
    assert [label.rank for label in Label] == [0, 1, 2, 3, 4]
    assert not any(" " in label for label in Label)


def test_only_clear_may_be_passed_on_and_amber_names_its_audience() -> None:
    assert [label for label in Label if not label.protected] == [Label.CLEAR]
    assert [label for label in Label if label.named_audience] == [Label.AMBER, Label.AMBER_STRICT, Label.RED]


@given(st.lists(st.sampled_from(Label)))
def test_the_whole_carries_the_highest_label_of_its_parts(labels: list[Label]) -> None:
    whole = highest(labels)

    assert (whole is None) == (not labels)
    assert all(whole is not None and whole.rank >= label.rank for label in labels)
    assert whole is None or whole in labels
