"""Negative entries protect the picture that they know, and nothing else of a file."""

from uuid import UUID

import pytest

from amparo.core.ids import ListId, OrganisationId, SignalNumber
from amparo.detect.hashing.model import Algorithm
from amparo.detect.lists.model import ListKind, Signal, StoredSignal, Subject
from amparo.detect.matching.host.asked import Asked
from amparo.detect.matching.host.cards import HostList
from amparo.detect.matching.host.look_up import Listed
from amparo.detect.matching.host.sift import sifted, sifted_written

EXACT = Asked(Algorithm.SHA256, b"\0" * 32)
FRAMES = [Asked(Algorithm.PDQ, b"\0" * 32, frame=number) for number in range(3)]
ASKED = [EXACT, *FRAMES]
BY_DIGEST = 0


def of_frame(number: int) -> int:
    return 1 + number


def a_listed(signal: int, asked: int, kind: ListKind = ListKind.CONFIRMED) -> Listed:
    known = HostList(
        ListId(UUID(int=1)), OrganisationId(UUID(int=2)), 1, "a", kind, Subject.CHILD, 31, 50, 1
    )
    stored = StoredSignal(SignalNumber(signal), 1, 1, Signal("", Algorithm.PDQ, "00" * 32))
    return Listed(stored, known, 5, asked)


def harmless(asked: int) -> Listed:
    return a_listed(99, asked, ListKind.NEGATIVE)


@pytest.mark.parametrize(
    ("found", "counted", "suppressed"),
    [
        ([a_listed(1, of_frame(0)), harmless(of_frame(0))], {99}, {1}),
        ([a_listed(1, of_frame(1)), harmless(of_frame(0))], {1, 99}, set()),
        ([*map(a_listed, (1, 1), (of_frame(0), of_frame(2))), harmless(of_frame(0))],
         {1, 99}, set()),
        ([a_listed(1, BY_DIGEST), harmless(of_frame(0))], {1, 99}, set()),
        ([a_listed(1, BY_DIGEST), harmless(BY_DIGEST)], {1, 99}, set()),
        ([a_listed(1, of_frame(2)), harmless(BY_DIGEST)], {99}, {1}),
        ([a_listed(1, of_frame(2))], {1}, set()),
    ],
)  # fmt: skip
def test_what_counts(found: list[Listed], counted: set[int], suppressed: set[int]) -> None:
    sifted_out = sifted(found, ASKED)
    assert {one.signal.number for one in sifted_out.counted} == counted
    assert {one.signal.number for one in sifted_out.suppressed} == suppressed


WRITTEN = [
    Asked(Algorithm.KEYWORD, b"\1" * 32, start=4, end=9),
    Asked(Algorithm.KEYWORD, b"\1" * 32, start=20, end=25),
    Asked(Algorithm.KEYWORD, b"\2" * 32, start=4, end=15),
    Asked(Algorithm.URL_HOST, b"\3" * 32, item=0),
    Asked(Algorithm.URL_HOST, b"\4" * 32, item=0),
    Asked(Algorithm.URL, b"\3" * 32, item=0),
    Asked(Algorithm.URL_HOST, b"\3" * 32, item=1),
    Asked(Algorithm.URL_PREFIX, b"\5" * 32, start=30, end=50),
    Asked(Algorithm.URL_PREFIX, b"\6" * 32, start=30, end=50),
    Asked(Algorithm.ACCOUNT, b"\7" * 32, item=2),
    Asked(Algorithm.ACCOUNT, b"\x08" * 32, item=2),
]


@pytest.mark.parametrize(
    "negative",
    list(range(len(WRITTEN))),
)
def test_a_negative_word_or_link_suppresses_its_own_kind_at_its_own_place_alone(
    negative: int,
) -> None:
    found = [a_listed(number, number) for number in range(len(WRITTEN))]
    sifted_out = sifted_written([*found, harmless(negative)], WRITTEN)
    assert {one.signal.number for one in sifted_out.suppressed} == {negative}
    assert {one.signal.number for one in sifted_out.counted} == {
        *range(len(WRITTEN)), 99,
    } - {negative}  # fmt: skip


def test_every_signal_is_told_before_any_comes_again_and_confirmed_ones_first() -> None:
    asked = [Asked(Algorithm.KEYWORD, b"", start=at, end=at + 1) for at in range(40)]
    often = [a_listed(1, at, ListKind.SUSPECT) for at in range(39)]
    told = sifted_written([*often, a_listed(2, 39)], asked).counted
    assert [one.signal.number for one in told[:3]] == [2, 1, 1]
    assert len(told) == 40
