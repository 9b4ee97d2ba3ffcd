"""Expressions run in linear time and bounded memory, or are refused with a reason."""

import time

import pytest

from amparo.core.errors import Invalid
from amparo.detect.texts.patterns import MOST_LETTERS, checked_pattern, finds


@pytest.mark.parametrize(
    "wrong",
    ["", "(", "a{1000}{1000}", "(?:a{100}){100}", r"(a)\1", "(?=a)b", "x*", "a|", r"\pL{900}" * 9,
     r"(?s)\b(?:.*zz)?", r"\b", r"\B", r"(?m)^", r"(?:a\b)?$", r"(?m)$x?",
     "a" * (MOST_LETTERS + 1), "\ud800"],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_without_being_repeated(wrong: str) -> None:
    with pytest.raises(Invalid) as told:
        checked_pattern(wrong)
    assert "a{1000}" not in told.value.message


def test_an_expression_whose_program_would_be_too_large_is_refused() -> None:
    with pytest.raises(Invalid, match="too large"):
        checked_pattern(r"\pL{40}")


@pytest.mark.parametrize("explosive", [r"(x+x+)+y", r"(?:a|a?)+$b", r"(x|x)*y", r"^(\w+\s?)*$z"])
def test_an_expression_that_explodes_elsewhere_takes_time_by_the_length_alone(
    explosive: str,
) -> None:
    pattern = checked_pattern(explosive)
    began = time.perf_counter()
    assert list(finds(pattern, b"x" * 1_000_000)) == []
    assert time.perf_counter() - began < 30  # backtracking would take until the sun is cold


def test_an_expression_that_matches_nothing_again_and_again_is_given_up_and_that_is_told() -> None:
    began = time.perf_counter()
    assert list(finds(r"(?s)\b(?:.*zz)?", b"a " * 100_000)) == [None]
    assert list(finds(r"b|\B", b"b" + b"a" * 50)) == [(0, 1)]
    assert time.perf_counter() - began < 4


def test_finds_are_told_in_bytes_and_may_be_many() -> None:
    assert list(finds(checked_pattern("qz[0-9]"), "é qz1qz2".encode())) == [(3, 6), (6, 9)]
