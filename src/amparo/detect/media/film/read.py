"""Read a video: first which frames there are, then those that are hashed, in their order.

Of most videos the packets tell when each frame is shown. So only the groups of pictures that hold
a wanted frame are decoded, their tails are left out, and of the rest whatever no other picture
needs. Where packets do not tell, all frames are decoded and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from amparo.core.problems import ProblemCode
from amparo.detect.media.film.decoded import counted, decoded
from amparo.detect.media.film.opened import (
    failures_named,
    opened,
    unknown_codec,
    video_streams,
)
from amparo.detect.media.film.plan import Packets, Wanted, step_of, wanted_frames
from amparo.detect.media.model import Frame, Kind, Limits, MediaError
from amparo.detect.media.pillow import check_pixels

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

_HIDDEN_FRAMES = frozenset({"vp8", "mpeg4", "msmpeg4v3"})
"""Codecs of which a packet can hold no frame that is shown, or two."""

_BYTES_A_PIXEL = 3
_KEPT_FRAMES = 18
"""What a decoder holds of pictures that others refer to, at most."""


class _About(NamedTuple):
    """What there is to know of a packet."""

    pts: int | None
    is_key: bool
    is_shown: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of one stream, by its place, before a frame of it is decoded."""

    place: int
    step: int
    frames_a_second: float
    packets: Packets | None
    wanted: tuple[Wanted, ...]
    frames: int
    seconds: float

    @property
    def expected(self) -> int:
        """How many frames will be hashed."""
        return len(self.wanted) or -(-self.frames // self.step)


@dataclass(frozen=True, slots=True)
class Film:
    """A video before its frames: how long it is, and how many of them are hashed."""

    data: bytes
    kind: Kind
    limits: Limits
    streams: tuple[Told, ...]
    problem: MediaError | None

    @property
    def seconds(self) -> float:
        """How long the longest of its streams is."""
        return max((each.seconds for each in self.streams), default=0.0)

    @property
    def expected(self) -> int:
        """How many frames will be hashed."""
        return sum(each.expected for each in self.streams)

    def frames(self) -> Iterator[Frame]:
        """The frames, one stream after the other, numbered on.

        Raises MediaError, after those before a damage.
        """
        first = 0
        for told in self.streams:
            with opened(self.data, self.kind) as container, failures_named(self.kind):
                stream = container.streams.video[told.place]
                if told.packets is None:
                    frames = counted(container, stream, told.step, told.frames_a_second)
                else:
                    frames = decoded(container, stream, told.packets, told.wanted)
                for frame in frames:
                    yield replace(frame, number=first + frame.number)
            first += told.frames
        if self.problem is not None:
            raise self.problem


def read_film(data: bytes, kind: Kind, limits: Limits, *, on_time: Callable[[], None]) -> Film:
    """What there is in a video, from its packets alone.

    `on_time` is called again and again, and raises where it takes too long. Raises MediaError.
    """
    with opened(data, kind) as container, failures_named(kind):
        streams = video_streams(container, kind)
        for stream in streams.values():
            _check_size(stream, kind, limits, len(data))
        packets = _packets(container, list(streams.values()), on_time)
        told = tuple(
            _told(place, stream, packets[stream.index], limits) for place, stream in streams.items()
        )
        declared = max(stream.frames for stream in streams.values())
        others = len(container.streams.video) - len(streams)
    if not any(each.frames for each in told):
        raise MediaError(
            ProblemCode.MEDIA_TRUNCATED, f"The {kind.value} ends before its first frame."
        )
    problem = _problem(told, declared, kind, limits)
    return Film(data, kind, limits, told, problem or (unknown_codec(kind) if others else None))


def _check_size(stream: VideoStream, kind: Kind, limits: Limits, file_bytes: int) -> None:
    """Raises MediaError beyond the operator's limit, MemoryError beyond this process's."""
    width, height = stream.codec_context.width, stream.codec_context.height
    check_pixels(width, height, kind, limits, file_bytes)
    if width * height * _BYTES_A_PIXEL * _KEPT_FRAMES // 2 + file_bytes > limits.memory_bytes:
        raise MemoryError


def _packets(
    container: InputContainer, streams: list[VideoStream], on_time: Callable[[], None]
) -> dict[int, list[_About]]:
    """What there is to know of the packets of each stream."""
    found: dict[int, list[_About]] = {each.index: [] for each in streams}
    for number, packet in enumerate(container.demux(streams)):
        if number % 1024 == 0:
            on_time()
        if packet.size:
            about = _About(packet.pts, packet.is_keyframe, not packet.is_discard)
            found[packet.stream_index].append(about)
    return found


def _told(place: int, stream: VideoStream, found: list[_About], limits: Limits) -> Told:
    rate = float(stream.average_rate or stream.guessed_rate or 0) or 1.0
    step = step_of(rate)
    packets = _usable(stream, found)
    frames = sum(each.is_shown for each in found)
    if packets is None:
        step = max(step, -(-frames // limits.video_frames))
        return Told(place, step, rate, None, (), frames, frames / rate)
    tick = float(stream.time_base or 0)
    wanted, seconds = wanted_frames(
        packets, seconds_a_tick=tick, step=step, most=limits.video_frames
    )
    within = tuple(each for each in wanted if each.seconds <= limits.video_length_seconds)
    return Told(place, step, rate, packets, within, frames, seconds)


def _usable(stream: VideoStream, found: list[_About]) -> Packets | None:
    """The packets, where each holds one frame and tells when it is shown."""
    times = [each.pts for each in found if each.pts is not None]
    shown = [each.pts for each in found if each.is_shown]
    hidden = stream.codec_context.name in _HIDDEN_FRAMES
    if hidden or not shown or len(times) < len(found) or len(set(shown)) < len(shown):
        return None
    return Packets(
        np.array(times, np.int64),
        np.array([each.is_key for each in found], np.bool_),
        np.array([each.is_shown for each in found], np.bool_),
    )


def _problem(
    told: tuple[Told, ...], declared: int, kind: Kind, limits: Limits
) -> MediaError | None:
    """What will be told once all frames that there are have been hashed."""
    if any(each.seconds > limits.video_length_seconds for each in told):
        return MediaError(
            ProblemCode.MEDIA_TOO_LONG,
            f"The video is longer than {limits.video_length_seconds} s "
            "(AMPARO_VIDEO_LENGTH_SECONDS); what lies beyond was not hashed.",
        )
    if max(each.frames for each in told) < declared:
        return MediaError(
            ProblemCode.MEDIA_TRUNCATED,
            f"The {kind.value} is cut off; the frames before that were hashed.",
        )
    return None
