"""Work that comes in parts: each is taken as it is made, and an accident costs only the rest."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from amparo.app.sandbox import limits_of
from amparo.core.problems import ProblemCode
from amparo.detect.hashing.hash_film import hash_parts
from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.hashing.in_parts import Gathering
from amparo.detect.hashing.model import MediaHashes
from amparo.detect.media.model import MediaError
from amparo.detect.media.sandbox import Answer, Sandbox
from amparo.testing import faulty
from amparo.testing.clips import film, panned
from tests.conftest import small_settings

LIMITS = limits_of(small_settings())
CLIP = film(panned(70, a_second=2, width=96, height=96), a_second=2)


@dataclass
class Taken:
    """Takes whole numbers until it has enough of them."""

    enough: Callable[[list[int]], bool] = lambda _: False
    parts: list[int] = field(default_factory=list)
    begun: int = 0
    problem: MediaError | None = None

    def begin(self) -> None:
        self.begun += 1
        self.parts.clear()

    def take(self, part: int, /) -> bool:
        self.parts.append(part)
        return not self.enough(self.parts)

    def waited(self, seconds: float, /) -> None:
        assert seconds >= 0

    def ended(self, problem: MediaError | None) -> list[int]:
        self.problem = problem
        return self.parts


def test_all_parts_come_in_their_order(sandbox: Sandbox) -> None:
    answer = sandbox.submit_parts(int, Taken(), faulty.parts_or_fail, 5)
    assert answer.result(timeout=60) == [0, 1, 2, 3, 4]


def test_no_more_are_made_when_there_are_enough(sandbox: Sandbox) -> None:
    taken = Taken(enough=lambda parts: len(parts) == 2)
    answer = sandbox.submit_parts(int, taken, faulty.parts_or_fail, 2**60)
    assert answer.result(timeout=60) == [0, 1]
    # The worker goes on with whatever comes next.
    assert sandbox.submit_parts(int, Taken(), faulty.parts_or_fail, 1).result(timeout=60) == [0]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (faulty.CRASH, ProblemCode.MEDIA_DECODER_CRASHED),
        (faulty.HANG, ProblemCode.MEDIA_OUT_OF_TIME),
        (faulty.LIE, ProblemCode.MEDIA_DECODER_CRASHED),
        (faulty.BREAK, ProblemCode.MEDIA_DECODER_CRASHED),
    ],
    ids=["crash", "hang", "lie", "break"],
)
def test_what_came_before_an_accident_is_kept(
    sandbox: Sandbox, fault: bytes, code: ProblemCode
) -> None:
    taken = Taken()
    answer = sandbox.submit_parts(int, taken, faulty.parts_or_fail, 3, fault)
    assert answer.result(timeout=60) == [0, 1, 2]
    assert taken.problem is not None
    assert taken.problem.problem.code is code


def test_each_part_has_the_time_of_an_item(sandbox: Sandbox) -> None:
    seconds = LIMITS.seconds * 0.6
    answer = sandbox.submit_parts(int, Taken(), faulty.parts_or_fail, 3, seconds=seconds)
    assert answer.result(timeout=60) == [0, 1, 2]


def test_memory_that_ends_is_told_apart(sandbox: Sandbox) -> None:
    answer = sandbox.submit_parts(int, Taken(), faulty.parts_or_fail, 1, faulty.SWELL)
    with pytest.raises(MemoryError):
        answer.result(timeout=60)


def test_whoever_takes_parts_and_fails_is_told_so(sandbox: Sandbox) -> None:
    def fail(_: list[int]) -> bool:
        raise LookupError("the index is away")

    answer = sandbox.submit_parts(int, Taken(enough=fail), faulty.parts_or_fail, 2)
    with pytest.raises(LookupError, match="the index is away"):
        answer.result(timeout=60)


def hashed(sandbox: Sandbox, gathering: Gathering, data: bytes = CLIP) -> MediaHashes:
    answer = sandbox.submit_parts(MediaHashes, gathering, hash_parts, data, LIMITS)
    return answer.result(timeout=60)


def test_parts_of_a_video_come_to_what_all_of_it_comes_to(sandbox: Sandbox) -> None:
    assert hashed(sandbox, Gathering(seconds=60)) == hash_media(CLIP, LIMITS)


def test_a_video_is_looked_at_again_whenever_twice_as_much_is_known(sandbox: Sandbox) -> None:
    seen: list[int] = []

    def enough(so_far: MediaHashes) -> bool:
        seen.append(len(so_far.pictures))
        return False

    hashed(sandbox, Gathering(seconds=60, enough=enough))
    assert seen == [0, 32, 64]


def test_a_video_that_is_known_by_its_bytes_is_not_decoded(sandbox: Sandbox) -> None:
    known = hashed(sandbox, Gathering(seconds=60, enough=lambda _: True))
    assert (known.pictures, known.problem) == ((), None)
    assert known.digests == hash_media(CLIP, LIMITS).digests


def test_a_video_that_takes_too_long_keeps_what_was_hashed(sandbox: Sandbox) -> None:
    late = hashed(sandbox, Gathering(seconds=0))
    assert late.problem is not None
    assert late.problem.code is ProblemCode.MEDIA_OUT_OF_TIME
    assert "AMPARO_VIDEO_SECONDS" in late.problem.message
    assert late.film is not None
    assert not late.film.is_whole


def test_long_pieces_let_others_in_between_their_parts(sandbox: Sandbox) -> None:
    short: list[Answer[int]] = []
    taken = [
        Taken(enough=lambda _: bool(short) and short[0].done()) for _ in range(sandbox.processes)
    ]
    long = [sandbox.submit_parts(int, each, faulty.parts_or_fail, 2**60) for each in taken]
    short.append(sandbox.submit(int, os.getpid))
    assert short[0].result(timeout=60) != os.getpid()
    assert all(each.result(timeout=60) for each in long)


@pytest.mark.parametrize("others_s", [0.0, 100.0])
def test_the_time_of_others_is_not_the_videos(others_s: float) -> None:
    gathering = Gathering(seconds=0.0)
    gathering.waited(others_s)
    (part, *_) = hash_parts(CLIP, LIMITS)
    assert gathering.take(part) == (others_s > 0)
