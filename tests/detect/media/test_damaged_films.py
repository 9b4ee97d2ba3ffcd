"""A video that is cut off, damaged or odd gives what there is of it, and says what is wrong."""

from io import BytesIO

import av
import numpy as np
import pytest

from amparo.core.problems import ProblemCode
from amparo.detect.media.model import Limits
from amparo.testing.clips import film, films_side_by_side, sound
from tests.detect.media.test_film import hashed, pictures


def test_sound_alone_is_no_video() -> None:
    problem = hashed(sound()).problem
    assert problem is not None
    assert problem.code is ProblemCode.MEDIA_NO_VIDEO
    assert problem.message == (
        "The video/mp4 holds sound and no picture; only its digests can be compared."
    )


@pytest.mark.parametrize("container", ["mp4", "matroska", "avi", "mpegts"])
def test_of_a_cut_off_video_the_beginning_is_hashed(container: str) -> None:
    layout = {"movflags": "faststart"} if container == "mp4" else {}
    data = film(pictures(6), container=container, codec="mpeg4", layout=layout)
    found = hashed(data[: len(data) // 2])
    whole = hashed(data)
    assert 1 <= len(found.pictures) < len(whole.pictures)
    assert [each.value for each in found.pictures] == [
        each.value for each in whole.pictures[: len(found.pictures)]
    ]


CUT = {
    "mp4": lambda some: film(some, layout={"movflags": "faststart"}),
    "matroska": lambda some: film(some, container="matroska"),
    "webm": lambda some: film(
        some, container="webm", codec="libvpx", options={"deadline": "realtime", "cpu-used": "8"}
    ),
    "avi": lambda some: film(some, container="avi", codec="mpeg4"),
    "flv": lambda some: film(some, container="flv", codec="flv"),
    "asf": lambda some: film(some, container="asf", codec="wmv2"),
    "ogg": lambda some: film(
        some, container="ogg", codec="libvpx", options={"deadline": "realtime", "cpu-used": "8"}
    ),
}


@pytest.mark.parametrize("container", CUT)
def test_a_video_that_is_cut_off_says_so_and_a_whole_one_does_not(container: str) -> None:
    data = CUT[container](pictures(6))
    whole = hashed(data)
    assert whole.film is not None
    assert (whole.problem, whole.film.is_whole) == (None, True)
    found = hashed(data[: len(data) // 2])
    assert found.film is not None
    assert not found.film.is_whole
    assert found.problem is not None
    assert found.problem.code is ProblemCode.MEDIA_TRUNCATED


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("container", ["mp4", "matroska", "avi", "mpegts", "mov", "flv"])
def test_rubbish_in_a_video_ends_in_hashes_or_a_named_problem(container: str, seed: int) -> None:
    codec = "flv" if container == "flv" else "mpeg4"
    data = np.frombuffer(film(pictures(2), container=container, codec=codec), np.uint8).copy()
    chance = np.random.default_rng(seed)
    places = chance.integers(0, len(data), 40)
    data[places] = chance.integers(0, 256, 40, dtype=np.uint8)
    found = hashed(data.tobytes())
    assert found.pictures or found.problem is not None or found.film is None


def test_an_empty_container_is_named() -> None:
    header = film(pictures(1), layout={"movflags": "faststart"})
    problem = hashed(header[:40]).problem
    assert problem is not None
    assert problem.code is ProblemCode.MEDIA_DAMAGED


def test_another_stream_that_is_too_large_costs_only_itself() -> None:
    good, huge = pictures(2), [np.zeros((1200, 1600, 3), np.uint8)] * 2
    found = hashed(films_side_by_side(good, huge), Limits(max_pixels=1_000_000))
    assert [each.frame for each in found.pictures] == [0, 24]
    assert found.problem is not None
    assert found.problem.code is ProblemCode.MEDIA_TOO_MANY_PIXELS


def test_a_damage_in_one_of_several_streams_costs_the_others_nothing() -> None:
    out = BytesIO()
    both = films_side_by_side(pictures(2, seed=1), pictures(2, seed=60))
    with av.open(BytesIO(both)) as whole, av.open(out, "w", "matroska") as damaged:
        streams = [damaged.add_stream_from_template(each) for each in whole.streams.video]
        for packet in whole.demux():
            if packet.size:
                packet.stream = streams[packet.stream_index]
                if packet.stream_index == 0:
                    packet.update(b"\xff" * packet.size)
                damaged.mux(packet)
    found = hashed(out.getvalue())
    assert [each.frame for each in found.pictures] == [48, 72]
    assert found.problem is not None
    assert found.problem.code is ProblemCode.MEDIA_DAMAGED


def test_without_a_key_frame_it_ends_in_a_named_problem_or_in_frames() -> None:
    out = BytesIO()
    with av.open(BytesIO(film(pictures(3)))) as whole, av.open(out, "w", "matroska") as cut:
        stream = cut.add_stream_from_template(whole.streams.video[0])
        for packet in whole.demux(video=0):
            if packet.size and not packet.is_keyframe:
                packet.stream = stream
                cut.mux(packet)
    found = hashed(out.getvalue())
    assert found.pictures or found.problem is not None
