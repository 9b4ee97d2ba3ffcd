"""The automaton finds what trying every phrase at every place finds, in any text."""

import unicodedata
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from amparo.detect.index.phrases import Find, Phrases
from amparo.detect.index.phrases.find import find
from amparo.detect.index.phrases.model import Automaton
from amparo.detect.texts.folding import fold
from amparo.detect.texts.letters import class_of
from amparo.kernels.automaton import word_borders


def digest(number: int) -> bytes:
    return number.to_bytes(32, "big")


def codes(text: str) -> NDArray[np.uint32]:
    return np.array([ord(letter) for letter in text], np.uint32)


def phrases(texts: Iterable[str]) -> Phrases:
    return Phrases.of([(codes(text), digest(number)) for number, text in enumerate(texts)])


def all_count(digests: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.ones(len(digests), np.bool_)


def tried(known: list[str], text: str, borders: NDArray[np.uint8]) -> list[Find]:
    """The plain twin: every phrase at every place."""
    return sorted(
        (
            Find(start, start + len(phrase), digest(number))
            for number, phrase in enumerate(known)
            for start in range(len(text) - len(phrase) + 1)
            if text[start : start + len(phrase)] == phrase
            and borders[start]
            and borders[start + len(phrase)]
        ),
        key=lambda one: (one.first, one.behind, one.digest),
    )


LETTERS = st.text("ab é漢", min_size=1, max_size=6)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(LETTERS, min_size=1, max_size=12, unique=True),
    st.text("ab é漢", max_size=60),
    st.integers(0, 2**61),
)
def test_it_finds_what_trying_everything_finds(known: list[str], text: str, bits: int) -> None:
    borders = np.array([bits >> place & 1 for place in range(len(text) + 1)], np.uint8)
    found, truncated = find(
        codes(text), borders, [Automaton.of(phrases(known))], all_count, most=10_000
    )
    assert (found, truncated) == (tried(known, text, borders), False)


def test_very_many_finds_are_cut_where_asked_and_said_to_be() -> None:
    text = codes("漢" * 20_000 + "b")
    borders = np.ones(len(text) + 1, np.uint8)
    known = [Automaton.of(phrases([*("漢" * length for length in range(1, 101)), "b"]))]
    found, truncated = find(text, borders, known, all_count, most=1000)
    assert (len(found), truncated) == (1000, True)


def test_one_phrase_very_often_hides_no_other() -> None:
    text = codes("漢" * 20_000 + "b" * 101)
    borders = np.ones(len(text) + 1, np.uint8)
    known = [Automaton.of(phrases(["漢", "b"]))]
    found, truncated = find(text, borders, known, all_count, most=1000)
    assert (sum(one.digest == digest(1) for one in found), len(found)) == (100, 200)
    assert truncated
    once, truncated = find(text[:100], borders[:101], known, all_count, most=1000)
    assert (len(once), truncated) == (100, False)


def test_phrases_that_do_not_count_take_nobodys_place() -> None:
    text = codes("漢" * 20_000 + "b")
    borders = np.ones(len(text) + 1, np.uint8)
    known = [Automaton.of(phrases([*("漢" * length for length in range(1, 101)), "b"]))]

    def only_b(digests: NDArray[np.uint8]) -> NDArray[np.bool_]:
        return digests[:, -1] == 100

    found, truncated = find(text, borders, known, only_b, most=5)
    assert (found, truncated) == ([Find(20_000, 20_001, digest(100))], False)


def test_the_same_phrase_many_times_is_one() -> None:
    assert len(phrases(["zorvimel"] * 1000)) == 1


def words(text: str) -> list[str]:
    """What lies between two borders."""
    borders = np.flatnonzero(word_borders(fold(text).classes))
    said = "".join(map(chr, fold(text).codes.tolist()))
    parts = [said[first:behind] for first, behind in pairwise(borders)]
    return [unicodedata.normalize("NFC", part) for part in parts if part.strip()]


def test_words_end_where_people_see_them_end() -> None:
    assert words("Can't stop, café 3.14 a_b v2") == [
        "can", "'", "t", "stop", ",", "café", "3.14", "a", "_", "b", "v2",
    ]  # fmt: skip
    assert words("слово يوم دادن शब्द") == ["слово", "يوم", "دادن", "शब्द"]
    assert words("one.two:three") == ["one", ".", "two", ":", "three"]


def test_in_scripts_without_spaces_a_word_may_stand_anywhere_but_not_apart_from_its_marks() -> None:
    assert words("漢字かな") == ["漢", "字", "か", "な"]
    assert words("กิน") == ["กิ", "น"]
    assert words("が") == ["が"]


def test_every_letter_has_a_class() -> None:
    assert {class_of(chr(code)) for code in range(0x110000)} == set(range(6))
