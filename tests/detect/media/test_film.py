"""Of every kind of video those frames are hashed that vPDQ hashes, whatever is odd about it."""

import struct
from collections.abc import Callable
from fractions import Fraction
from io import BytesIO

import av
import numpy as np
import pdqhash
import pytest

from amparo.core.problems import ProblemCode
from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.hashing.model import MediaHashes
from amparo.detect.media.film import read_film
from amparo.detect.media.model import Kind, Limits
from amparo.detect.media.sniff import sniff
from amparo.testing.clips import Picture, film, films_side_by_side, panned

WIDTH, HEIGHT = 160, 120


def pictures(seconds: float, a_second: int = 24, seed: int = 1) -> list[Picture]:
    return list(
        panned(seconds, a_second=a_second, width=WIDTH, height=HEIGHT, scene_s=1.5, seed=seed)
    )


def hashed(data: bytes, limits: Limits | None = None) -> MediaHashes:
    return hash_media(data, limits or Limits())


def by_definition(data: bytes) -> dict[int, str]:
    """Every n-th frame of all that FFmpeg decodes, hashed by Meta's own PDQ."""
    found = {}
    with av.open(BytesIO(data)) as container:
        stream = container.streams.video[0]
        step = max(1, int(float(stream.average_rate or 1)))
        for number, frame in enumerate(container.decode(stream)):
            if number % step == 0:
                bits, _ = pdqhash.compute(frame.to_ndarray(format="rgb24"))
                found[number] = np.packbits(bits).tobytes().hex()
    return found


KINDS: dict[str, tuple[Kind, Callable[[list[Picture]], bytes]]] = {
    "MP4, H.264": (Kind.MP4, lambda some: film(some)),
    "MP4, H.264, open groups": (
        Kind.MP4,
        lambda some: film(
            some, options={"x264-params": "open-gop=1:keyint=20:bframes=3:scenecut=0"}
        ),
    ),
    "MP4, H.264, one group": (
        Kind.MP4,
        lambda some: film(some, options={"x264-params": "keyint=infinite:scenecut=0"}),
    ),
    "MP4, interlaced": (
        Kind.MP4,
        lambda some: film(some, options={"x264-params": "interlaced=1:keyint=24"}),
    ),
    "MP4, 29.97 frames a second": (Kind.MP4, lambda some: film(some, a_second=30_000 / 1001)),
    "MP4, a frame in two seconds": (Kind.MP4, lambda some: film(some[::24], a_second=0.5)),
    "MP4, in pieces": (
        Kind.MP4,
        lambda some: film(some, layout={"movflags": "frag_keyframe+empty_moov"}),
    ),
    "QuickTime": (Kind.QUICKTIME, lambda some: film(some, container="mov")),
    "QuickTime, animation": (
        Kind.QUICKTIME,
        lambda some: film(some, container="mov", codec="qtrle", pixels="rgb24"),
    ),
    "WebM, VP9": (
        Kind.WEBM,
        lambda some: film(
            some, container="webm", codec="libvpx-vp9",
            options={"deadline": "realtime", "cpu-used": "8"},
        ),
    ),
    "WebM, VP8": (
        Kind.WEBM,
        lambda some: film(
            some, container="webm", codec="libvpx",
            options={"deadline": "realtime", "cpu-used": "8", "auto-alt-ref": "1"},
        ),
    ),
    "Matroska, H.265 of 10 bits": (
        Kind.MATROSKA,
        lambda some: film(
            some, container="matroska", codec="libx265", pixels="yuv420p10le",
            options={"x265-params": "log-level=0"},
        ),
    ),
    "AVI": (
        Kind.AVI,
        lambda some: film(some, container="avi", codec="mpeg4", options={"bf": "2"}),
    ),
    "AVI, single pictures": (
        Kind.AVI,
        lambda some: film(some, container="avi", codec="mjpeg", pixels="yuvj420p"),
    ),
    "MPEG program stream": (
        Kind.MPEG,
        lambda some: film(some, container="vob", codec="mpeg2video", options={"bf": "2"}),
    ),
    "MPEG video stream": (
        Kind.MPEG_STREAM,
        lambda some: film(some, container="mpeg2video", codec="mpeg2video"),
    ),
    "MPEG transport stream": (Kind.MPEG_TS, lambda some: film(some, container="mpegts")),
    "Flash": (Kind.FLV, lambda some: film(some, container="flv", codec="flv")),
    "ASF": (Kind.ASF, lambda some: film(some, container="asf", codec="wmv2")),
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_frames_and_hashes_are_those_of_the_definition(name: str) -> None:
    kind, made = KINDS[name]
    data = made(pictures(4.2))
    found = hashed(data)
    assert (found.kind, found.problem) == (kind, None)
    expected = by_definition(data)
    assert {each.frame: each.hex for each in found.pictures} == expected
    assert found.film is not None
    assert (found.film.frames, found.film.is_whole) == (len(expected), True)


def test_seconds_are_those_at_which_frames_are_shown() -> None:
    found = hashed(film(pictures(3), a_second=30_000 / 1001))
    seconds = [each.seconds for each in found.pictures]
    assert seconds == pytest.approx([number * 29 * 1001 / 30_000 for number in range(3)], abs=1e-3)


def test_uneven_times_leave_no_gap() -> None:
    """A still for ten seconds, then many frames in one: every n-th alone would miss most of it."""
    stills, burst = pictures(10, a_second=1), pictures(1, a_second=60, seed=9)
    times = [*range(0, 10_000, 1000), *(10_000 + number * 16 for number in range(60))]
    data = film([*stills, *burst], container="matroska", times=times)
    seconds = [each.seconds or 0.0 for each in hashed(data).pictures]
    gaps = np.diff([*seconds, 10.96])
    assert gaps.max() <= 1.5
    assert len(seconds) < 40


def test_a_turned_video_is_hashed_as_a_player_shows_it() -> None:
    upright = pictures(2)
    turned = [np.ascontiguousarray(np.rot90(each, -1)) for each in upright]
    shown = hashed(film(turned, rotation=90, options={"qp": "12"}))
    expected = hashed(film(upright, options={"qp": "12"}))
    for one, other in zip(shown.pictures, expected.pictures, strict=True):
        assert (int(one.hex, 16) ^ int(other.hex, 16)).bit_count() <= 10


def test_all_of_several_videos_in_one_file_are_hashed() -> None:
    first, second = pictures(2), pictures(3, seed=40)
    both = hashed(films_side_by_side(first, second))
    alone = [hashed(films_side_by_side(each)).pictures for each in (first, second)]
    assert [each.value for each in both.pictures] == [each.value for some in alone for each in some]
    assert [each.frame for each in both.pictures] == [0, 24, 48, 72, 96]


def test_of_a_long_video_frames_lie_farther_apart() -> None:
    found = hashed(film(pictures(8)), Limits(video_frames=4))
    assert [each.seconds for each in found.pictures] == [0.0, 2.0, 4.0, 6.0]


def test_what_lies_beyond_the_longest_time_is_told() -> None:
    found = hashed(film(pictures(5)), Limits(video_length_seconds=2))
    assert [each.seconds for each in found.pictures] == [0.0, 1.0, 2.0]
    assert found.problem is not None
    assert found.problem.code is ProblemCode.MEDIA_TOO_LONG


def test_a_header_that_claims_ten_thousand_hours_is_not_believed() -> None:
    data = bytearray(film(pictures(3)))
    at = data.index(b"mvhd") + 16
    (scale,) = struct.unpack_from(">I", data, at)
    assert scale
    struct.pack_into(">II", data, at, 1, 36_000_000)
    found = hashed(bytes(data))
    assert (len(found.pictures), found.problem) == (3, None)
    assert found.film is not None
    assert found.film.seconds < 3


def test_a_frame_that_is_shown_after_ten_thousand_hours_is_told() -> None:
    some = pictures(2)
    times = [*(number * 42 for number in range(47)), 36_000_000_000]
    found = hashed(
        film(some[:48], container="matroska", codec="mjpeg", pixels="yuvj420p", times=times)
    )
    assert found.problem is not None
    assert found.problem.code is ProblemCode.MEDIA_TOO_LONG
    assert len(found.pictures) <= 3


def test_a_video_of_one_pixel_has_no_evidence() -> None:
    dot = [np.full((2, 2, 3), number, np.uint8) for number in range(24)]
    found = hashed(film(dot, container="avi", codec="mjpeg", pixels="yuvj444p"))
    assert found.problem is None
    assert {each.quality for each in found.pictures} == {0}


def test_a_bomb_is_refused_by_its_header() -> None:
    data = bytearray(film(pictures(1)))
    for name in (b"avc1",):
        at = data.index(name, data.index(b"stsd")) + 28
        struct.pack_into(">HH", data, at, 30_000, 30_000)
    found = hashed(bytes(data), Limits(max_pixels=1_000_000))
    # The codec's own header is believed where the container claims more; either way it ends.
    assert found.problem is None or found.problem.code in (
        ProblemCode.MEDIA_TOO_MANY_PIXELS, ProblemCode.MEDIA_DAMAGED,
    )  # fmt: skip
    large = film([np.zeros((1200, 1600, 3), np.uint8)] * 2)
    problem = hashed(large, Limits(max_pixels=1_000_000)).problem
    assert problem is not None
    assert problem.code is ProblemCode.MEDIA_TOO_MANY_PIXELS


def test_frames_at_uneven_times_are_found_where_packets_may_hold_none() -> None:
    """A recorder's VP8 tells no rate, and FFmpeg guesses a thousand frames a second."""
    some = pictures(10)
    chance = np.random.default_rng(7)
    times = np.cumsum(chance.integers(30, 56, len(some))).tolist()
    quick = {"deadline": "realtime", "cpu-used": "8"}
    found = hashed(film(some, container="webm", codec="libvpx", times=times, options=quick))
    seconds = [each.seconds or 0.0 for each in found.pictures]
    assert np.diff([*seconds, (times[-1] - times[0]) / 1000]).max() <= 1.5
    assert seconds[0] == 0


def test_seconds_begin_with_the_first_frame_also_where_frames_are_counted() -> None:
    times = [3_600_000 + number * 42 for number in range(48)]
    quick = {"deadline": "realtime", "cpu-used": "8"}
    data = film(pictures(2), container="webm", codec="libvpx", times=times, options=quick)
    assert [each.seconds for each in hashed(data).pictures] == pytest.approx([0, 1.0], abs=0.1)


def test_frames_that_a_decoder_leaves_out_at_first_are_hashed_all_the_same() -> None:
    """Pictures that are refreshed bit by bit are whole only after a while."""
    refreshed = {"x264-params": "intra-refresh=1:keyint=48:bframes=0"}
    data = film(pictures(12), options=refreshed)
    found = hashed(data)
    assert {each.frame: each.hex for each in found.pictures} == by_definition(data)
    assert found.problem is None


@pytest.mark.parametrize("options", [{}, {"bf": "0"}])
def test_frames_that_an_edit_list_leaves_out_are_not_counted(options: dict[str, str]) -> None:
    """As of a clip that a telephone has cut without encoding it again."""
    some = pictures(4)
    times = [(number - 30) * 1000 // 24 for number in range(len(some))]
    data = film(some, times=times, options=options)
    assert b"elst" in data
    found = hashed(data)
    assert [(each.frame, each.seconds) for each in found.pictures] == [(0, 0), (24, 1), (48, 2)]
    assert {each.frame: each.hex for each in found.pictures} == by_definition(data)


def test_times_beyond_all_measure_end_too() -> None:
    times = [*(number * 42 for number in range(47)), *(2**62 + number for number in range(2))]
    data = film(
        pictures(3)[:49], container="matroska", codec="mjpeg", pixels="yuvj420p", times=times
    )
    found = hashed(data)
    assert found.pictures
    assert found.problem is not None


def test_of_a_video_that_is_too_long_the_beginning_is_hashed_closely() -> None:
    times = [number * 1000 for number in range(40)]
    some = pictures(2)[:40]
    data = film(some, container="matroska", codec="mjpeg", pixels="yuvj420p", times=times)
    found = hashed(data, Limits(video_length_seconds=9, video_frames=10))
    assert [each.seconds for each in found.pictures] == list(range(10))


@pytest.mark.parametrize(
    ("beginning", "kind"),
    [
        (b"\x00\x00\x00\x18styp" + b"msdh" + b"\0" * 12, Kind.MP4),
        (b"\x00\x00\x00\x20uuid" + b"\0" * 40, Kind.MP4),
        (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00mif1isom", Kind.MP4),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x02\x00avifmif1", Kind.AVIF),
        ((b"\0\0\0\0\x47" + b"\0" * 187) * 4, Kind.MPEG_TS),
    ],
)
def test_what_is_a_video_is_told_from_how_it_begins(beginning: bytes, kind: Kind) -> None:
    assert sniff(beginning) is kind


def test_times_that_go_backwards_lose_no_frame() -> None:
    """Two recordings one behind the other, each of which begins anew."""
    data = b"".join(film(pictures(3, seed=seed), container="mpegts") for seed in (1, 60))
    found = hashed(data)
    assert found.problem is None
    assert {each.frame: each.hex for each in found.pictures}.items() >= by_definition(data).items()


MILLI = Fraction(1, 1000)
QUICK = {"deadline": "realtime", "cpu-used": "8"}
COUNTED = {
    "avi": lambda some, a_second: film(some, a_second=a_second, container="avi", codec="mpeg4"),
    "vp8": lambda some, a_second: film(
        some, a_second=a_second, container="webm", codec="libvpx", options=QUICK
    ),
    "mpeg4": lambda some, a_second: film(
        some, a_second=a_second, container="matroska", codec="mpeg4"
    ),
}
"""Of these nothing but decoding them all tells when frames are shown."""


@pytest.mark.parametrize("kind", COUNTED)
def test_limits_hold_where_frames_are_counted_and_the_rest_is_spread(kind: str) -> None:
    data = COUNTED[kind](pictures(160, a_second=4), 4)
    found = hashed(data, Limits(video_frames=20, video_length_seconds=50))
    seconds = [each.seconds or 0.0 for each in found.pictures]
    assert len(seconds) <= 20
    assert 45 <= seconds[-1] <= 50
    assert found.problem is not None
    assert found.problem.code is ProblemCode.MEDIA_TOO_LONG
    spread = hashed(data, Limits(video_frames=16))
    assert (spread.problem, len(spread.pictures)) == (None, 16)
    assert (spread.pictures[-1].seconds or 0.0) > 145


@pytest.mark.parametrize("place", [0, 1, 30])
@pytest.mark.parametrize("leap_s", [10_001, 21_606, -500])
def test_one_time_that_is_astray_hides_no_frame(place: int, leap_s: int) -> None:
    times = [1_000_000 + number * 100 for number in range(200)]
    times[place] += leap_s * 1000
    data = film(
        pictures(20, a_second=10), a_second=10, container="webm", codec="libvpx", options=QUICK
    )
    found = hashed(_with_times(data, times))
    assert len(found.pictures) >= 20 or found.problem is not None
    assert len({each.frame for each in found.pictures}) >= 19


def _with_times(data: bytes, times: list[int]) -> bytes:
    """The same packets, in the same order, with other times."""
    out = BytesIO()
    with av.open(BytesIO(data)) as given, av.open(out, "w", "matroska") as made:
        stream = made.add_stream_from_template(given.streams.video[0])
        packets = [one for one in given.demux(video=0) if one.size]
        for number, (packet, at) in enumerate(zip(packets, times, strict=True)):
            packet.stream, packet.time_base, packet.pts, packet.dts = stream, MILLI, at, number
            made.mux(packet)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["avi", "vp8", "mpeg4", "h264"])
def test_never_more_frames_come_than_were_told_before(kind: str) -> None:
    """What is held early counts on it: that frames which are to come might all be others."""
    times = [*(number * 42 for number in range(96)), *(4_000 + 1000 * n for n in range(60))]
    some = pictures(156 / 24)
    codec, container = {
        "avi": ("mpeg4", "avi"),
        "vp8": ("libvpx", "webm"),
        "mpeg4": ("mpeg4", "matroska"),
        "h264": ("libx264", "mp4"),
    }[kind]
    data = film(
        some, container=container, codec=codec, times=None if kind == "avi" else times,
        options=QUICK if kind == "vp8" else {},
    )  # fmt: skip
    read = read_film(data, sniff(data), Limits(), on_time=lambda: None)
    assert read.expected >= len(list(read.frames()))
    found = hashed(data)
    assert found.film is not None
    assert found.film.frames == len(found.pictures)
