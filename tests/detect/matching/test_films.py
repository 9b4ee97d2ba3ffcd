"""A video matches by vPDQ's definition, in both directions, and by no other."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amparo.core.errors import Invalid
from amparo.detect.hashing.model import Algorithm, Digests, Film, MediaHashes, PictureHash
from amparo.detect.hashing.vpdq import VpdqFrame, vpdq_frames, vpdq_text
from amparo.detect.lists.forms import digest_of
from amparo.detect.lists.model import KnownList, Signal, VideoRule
from amparo.detect.matching import KnownSignals, Match, find_matches
from amparo.detect.matching.films import FilmMatch, FilmQuery, Looked, shares
from amparo.detect.media.model import Kind

RADIUS = 31
ANY = (VideoRule(1, 0), VideoRule(0, 1))

Frame = tuple[bytes, int]
"""A hash and its quality."""


def near(value: bytes, bits: int, seed: int) -> bytes:
    """The hash with so many of its bits turned."""
    unpacked = np.unpackbits(np.frombuffer(value, np.uint8))
    unpacked[np.random.default_rng(seed).permutation(256)[:bits]] ^= 1
    return np.packbits(unpacked).tobytes()


def distance(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one) ^ int.from_bytes(other)).bit_count()


SCENES = [bytes(np.random.default_rng(seed).integers(0, 256, 32, np.uint8)) for seed in range(6)]
FRAMES = st.lists(
    st.tuples(
        st.builds(
            near, st.sampled_from(SCENES), st.integers(0, 40), st.integers(0, 3)
        ),
        st.sampled_from([0, 49, 50, 100]),
    ),
    max_size=8,
)  # fmt: skip


def by_definition(query: Sequence[Frame], listed: Sequence[Frame]) -> tuple[float, float] | None:
    """Percent of each side's frames that have one within the radius on the other."""
    sides = [list({value for value, quality in side if quality >= 50}) for side in (query, listed)]
    if not all(sides):
        return None
    found = []
    for side, others in (sides, sides[::-1]):
        alike = [any(distance(one, other) <= RADIUS for other in others) for one in side]
        found.append(100 * sum(alike) / len(side))
    return found[0], found[1]


def matched(
    query: Sequence[Frame],
    listed: Sequence[Frame],
    rules: Sequence[VideoRule] = ANY,
    film: Film | None = None,
) -> FilmMatch | None:
    looked = [Looked(value, quality, number, float(number))
              for number, (value, quality) in enumerate(query)]  # fmt: skip
    hits = {}
    for number, (value, _) in enumerate(query):
        distances = [distance(value, other) for other, quality in listed if quality >= 50]
        if distances and min(distances) <= RADIUS:
            hits[number] = min(distances)
    text = vpdq_text(
        VpdqFrame(value, quality, float(second)) for second, (value, quality) in enumerate(listed)
    )
    return FilmQuery(looked, film).match(hits, text, rules, radius_bits=RADIUS, least_quality=50)


@given(query=FRAMES, listed=FRAMES.filter(bool))
@settings(max_examples=300, deadline=None)
def test_shares_are_those_of_the_definition(query: list[Frame], listed: list[Frame]) -> None:
    expected = by_definition(query, listed)
    found = matched(query, listed)
    if expected is None or not any(expected):
        assert found is None
    else:
        assert found is not None
        assert (found.query_percent, found.listed_percent) == pytest.approx(expected)


def scenes(*numbers: int) -> list[Frame]:
    return [(SCENES[number], 100) for number in numbers]


def test_a_part_of_a_listed_video_matches_by_its_own_share() -> None:
    part, whole = scenes(2, 3), scenes(0, 1, 2, 3, 4)
    found = matched(part, whole, [VideoRule(80, 0)])
    assert found is not None
    assert (found.query_percent, found.listed_percent) == (100, 40)
    assert (found.seconds, found.last_seconds) == (0, 1)
    assert (found.listed_seconds, found.listed_last_seconds) == (2, 3)
    assert matched(part, whole, [VideoRule(0, 80)]) is None


def test_a_video_that_holds_a_listed_one_matches_by_that_ones_share() -> None:
    whole, part = scenes(0, 1, 2, 3, 4), scenes(2, 3)
    found = matched(whole, part, [VideoRule(0, 80)])
    assert found is not None
    assert (found.query_percent, found.listed_percent) == (40, 100)
    assert (found.seconds, found.last_seconds) == (2, 3)
    assert matched(whole, part, [VideoRule(80, 0)]) is None


def test_a_rule_that_names_both_shares_needs_both() -> None:
    assert matched(scenes(0, 1), scenes(0, 1, 2), [VideoRule(80, 80)]) is None
    assert matched(scenes(0, 1, 2), scenes(0, 1, 2), [VideoRule(80, 80)]) is not None


def test_frames_to_come_count_as_others_until_they_have_come() -> None:
    """What is held early would be held in the end, whatever is still to come."""
    beginning, listed = scenes(0, 1), scenes(0, 1, 2, 3)
    rule = [VideoRule(80, 0)]
    assert matched(beginning, listed, rule, Film(20.0, 20, seen=2)) is None
    assert matched(beginning, listed, rule, Film(1.0, 2, seen=2)) is not None
    assert matched(beginning, listed, rule, Film(20.0, 20, is_whole=True, seen=2)) is not None


def test_nothing_is_said_where_all_frames_are_poor() -> None:
    assert matched([(SCENES[0], 49)], scenes(0)) is None
    assert matched(scenes(0), [(SCENES[0], 49)]) is None


def video(*frames: Frame, name: str = "clip") -> Signal:
    text = vpdq_text(
        VpdqFrame(value, quality, float(second)) for second, (value, quality) in enumerate(frames)
    )
    return Signal(name, Algorithm.VPDQ, digest_of(text), text=text)


def hashes(*frames: Frame, is_video: bool = True) -> MediaHashes:
    pictures = tuple(
        PictureHash(number, value, quality, (), float(number) if is_video else None)
        for number, (value, quality) in enumerate(frames)
    )
    film = Film(float(len(frames)), len(frames), is_whole=True) if is_video else None
    digests = Digests("0" * 32, "0" * 40, "0" * 64)
    return MediaHashes(Kind.MP4, 1, digests, pictures, film=film)


def find(of: MediaHashes, *signals: Signal) -> tuple[Match, ...]:
    known = KnownSignals([KnownList("known", signals)], now=datetime(2027, 1, 1, tzinfo=UTC))
    return find_matches(of, known)


def test_a_listed_picture_in_a_video_is_found_with_its_second() -> None:
    picture = Signal("still", Algorithm.PDQ, near(SCENES[3], 8, 1).hex())
    (match,) = find(hashes(*scenes(0, 1, 3)), picture)
    assert (match.algorithm, match.distance_bits) == (Algorithm.PDQ, 8)
    assert (match.seconds, match.film) == (2.0, None)


def test_a_picture_of_a_listed_video_is_found_with_the_videos_second() -> None:
    (match,) = find(hashes(*scenes(2), is_video=False), video(*scenes(0, 1, 2, 3)))
    assert (match.algorithm, match.seconds) == (Algorithm.VPDQ, None)
    assert match.film is not None
    assert (match.film.listed_seconds, match.film.query_percent) == (2.0, 100)


def test_one_frame_in_common_makes_no_match_of_videos() -> None:
    assert find(hashes(*scenes(0, 1, 2, 3, 4)), video(*scenes(4, 5))) == ()
    assert len(find(hashes(*scenes(0, 1, 2, 3, 4)), video(*scenes(3, 4)))) == 1


def test_of_several_listed_videos_each_is_told() -> None:
    found = find(
        hashes(*scenes(0, 1, 2)), video(*scenes(0, 1), name="one"), video(*scenes(2), name="other"),
        video(*scenes(4, 5), name="none"),
    )  # fmt: skip
    assert sorted(each.signal_id for each in found) == ["one", "other"]


def test_two_stills_of_an_hour_are_compared_in_a_moment() -> None:
    """Every frame is near every other: pairs must not be kept, nor all be looked at."""
    still = [(near(SCENES[0], number % 7, number), 100) for number in range(3600)]
    found = matched(still[:50], still)
    assert found is not None
    assert found.listed_percent == 100
    text = vpdq_text(VpdqFrame(value, 100, 0.0) for value, _ in still)
    assert shares(vpdq_frames(text), text) == (100, 100)


@pytest.mark.parametrize("quality", ["0000100", "00009" + "9" * 5000, "-1", "1.5", ""])
def test_a_quality_that_is_none_is_refused(quality: str) -> None:
    with pytest.raises(Invalid, match="quality"):
        vpdq_frames(f'["{"0" * 64},{quality},0"]')
