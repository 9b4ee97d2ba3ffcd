"""Negative entries protect the picture that they know, and nothing else of a file."""

from uuid import UUID

import pytest

from amparo.core.ids import ListId, OrganisationId, SignalNumber
from amparo.detect.hashing.model import Algorithm
from amparo.detect.lists.model import ListKind, Signal, StoredSignal, Subject
from amparo.detect.matching.host.cards import HostList
from amparo.detect.matching.host.look_up import Asked, Listed
from amparo.detect.matching.host.sift import sifted

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
