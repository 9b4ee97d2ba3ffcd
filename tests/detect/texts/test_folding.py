"""Ways to write the same word are folded to the same, and every letter knows where it came from."""

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amparo.core.errors import Invalid
from amparo.detect.texts.folding import fold
from amparo.detect.texts.phrases import MOST_LETTERS, phrase
from amparo.kernels.automaton import word_borders


def said(text: str) -> str:
    return "".join(map(chr, fold(text).codes.tolist()))


@pytest.mark.parametrize(
    ("one", "other"),
    [("Zorvimel", "ｚＯＲＶＩＭＥＬ"), ("caf\u00e9", "CAFE\u0301"), ("straße", "STRASSE"),
     ("ﬁn", "fin"), ("a\u0316\u0301", "a\u0301\u0316"), ("a \t\n\u3000b", "a b"), ("Ⅷ", "viii"),
     ("한", "\u1112\u1161\u11ab"), ("ΣΑΣ", "σας"), ("zor\u00advi\u200bmel\u200f", "\ufeffzorvimel"),
     ("❤\ufe0f", "❤"), ("e\u034f\u0301", "é"), ("l’zorvimel", "l'zorvimel")],
)  # fmt: skip
def test_ways_to_write_the_same_are_equal(one: str, other: str) -> None:
    assert said(one) == said(other)
    assert phrase(one) == phrase(other)


INVISIBLE = "\u00ad\u200b\u200e\u200f\u2066\u2069\u2060\ufeff\ufe0f"


@pytest.mark.parametrize("mark", INVISIBLE)
def test_a_word_beside_what_is_not_seen_stands_as_a_word_where_it_stood(mark: str) -> None:
    folded = fold(f"a {mark}zorvimel{mark} b")
    assert said(f"a {mark}zorvimel{mark} b") == "a zorvimel b"
    borders = word_borders(folded.classes)
    assert (borders[2], borders[10], folded.span(2, 10)) == (1, 1, (3, 11))


def test_a_space_of_no_width_ends_a_word_and_splits_none() -> None:
    folded = fold("zorvimel\u200bquandelu")
    assert np.flatnonzero(word_borders(folded.classes)).tolist() == [0, 8, 16]
    assert folded.span(8, 16) == (9, 17)
    assert np.flatnonzero(word_borders(fold("zorvi\u200dmel").classes)).tolist() == [0, 8]


@pytest.mark.parametrize(
    "text",
    ["_zorvimel_", "l'zorvimel", "zorvimel’s", "quandelu_zorvimel_7", "*zorvimel*", "¡zorvimel!"],
)
def test_a_word_ends_beside_what_people_set_around_it(text: str) -> None:
    borders = word_borders(fold(text).classes)
    start = text.index("zorvimel")
    assert (borders[start], borders[start + 8]) == (1, 1)


def test_a_number_with_a_point_in_it_is_one() -> None:
    assert np.flatnonzero(word_borders(fold("1,5 2.").classes)).tolist() == [0, 3, 4, 5, 6]


def test_what_only_looks_alike_stays_different() -> None:
    assert said("apple") != said("аpple")
    assert said("zero") != said("zer0")


ALL = st.text(st.characters(exclude_categories=()), max_size=40)


@settings(max_examples=500, deadline=None)
@given(ALL)
def test_every_text_is_folded_and_its_letters_stay_where_they_were(text: str) -> None:
    folded = fold(text)
    assert len(folded.codes) == len(folded.origins) == len(folded.classes)
    assert folded.length == len(text)
    starters = [not unicodedata.combining(chr(code)) for code in folded.codes.tolist()]
    assert (np.diff(folded.origins[np.array(starters, np.bool_)].astype(np.int64)) >= 0).all()
    for place in range(len(folded.codes)):
        start, end = folded.span(place, place + 1)
        assert 0 <= start < end <= len(text)


@settings(max_examples=500, deadline=None)
@given(ALL)
def test_the_one_form_of_a_phrase_is_found_where_the_phrase_is(text: str) -> None:
    try:
        form = phrase(text)
    except Invalid:
        return
    assert said(form) == said(text).strip()
    assert phrase(form) == form


@pytest.mark.parametrize(
    "wrong", ["", "   ", "!?…", "\u0301\u0301", "-", "a\x00b", "\ud800a", "a" * (MOST_LETTERS + 1)]
)
def test_what_could_never_be_found_as_a_word_is_no_phrase(wrong: str) -> None:
    with pytest.raises(Invalid) as told:
        phrase(wrong)
    assert "aa" not in told.value.message


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(max_codepoint=127), min_size=1, max_size=30))
def test_plain_letters_have_the_same_form_as_beside_others(text: str) -> None:
    try:
        form = phrase(text)
    except Invalid:
        return
    assert phrase(f"é {text}") == f"é {form}"


def test_emoji_and_digits_are_words_too() -> None:
    assert phrase("🪁") == "🪁"
    assert phrase("1234") == "1234"
