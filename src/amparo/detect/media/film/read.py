"""Read a video: first which frames there are, then those that are hashed, in their order.

Of most videos the packets tell when each frame is shown. So only the groups of pictures that hold
a wanted frame are decoded, their tails are left out, and of the rest whatever no other picture
needs. Where packets do not tell, all frames are decoded and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from amparo.core.problems import ProblemCode
from amparo.detect.media.film.decoded import counted, decoded, picked
from amparo.detect.media.film.ends import is_cut_off
from amparo.detect.media.film.opened import (
    failures_named,
    opened,
    unknown_codec,
    video_streams,
)
from amparo.detect.media.film.pixels import frame_of
from amparo.detect.media.film.plan import Counting, Packets, Wanted, wanted_frames
from amparo.detect.media.model import Frame, Kind, Limits, MediaError
from amparo.detect.media.pillow import check_pixels

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

_HIDDEN_FRAMES = frozenset({"vp8", "mpeg4", "msmpeg4v3"})
"""Codecs of which a packet can hold no frame that is shown, or two."""

_FAR_FROM_TRUE = 1.2
"""A header that claims so many times the frames there are would leave most of a video out."""

_KEPT_BYTES = 16 * 1024 * 1024
"""Of a video that is no larger its packets are kept until they are decoded."""

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
    packets: Packets | None
    wanted: tuple[Wanted, ...]
    counting: Counting
    frames: int
    seconds: float

    @property
    def expected(self) -> int:
        """How many frames will be hashed, or may be where they are counted."""
        return len(self.wanted) or self.counting.at_most(self.frames, self.seconds)


class Begun(NamedTuple):
    """A container with one video whose packets have all been read."""

    container: InputContainer
    packets: list[Packet[Any]]


@dataclass(frozen=True, slots=True)
class Film:
    """A video before its frames: how long it is, and how many of them are hashed.

    A small one is `begun`, so that its packets are not read twice.
    """

    data: bytes
    kind: Kind
    limits: Limits
    streams: tuple[Told, ...]
    problem: MediaError | None
    begun: list[Begun] = field(default_factory=list, compare=False, repr=False)

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
        try:
            yield from self._frames()
        except MediaError as error:
            raise (self.problem or error) from error
        if self.problem is not None:
            raise self.problem

    def _frames(self) -> Iterator[Frame]:
        """Of all streams; what is wrong with one is told when the others have been read."""
        first = lost = 0
        damage: MediaError | None = None
        for told in self.streams:
            missing = {each.pts: each for each in told.wanted}
            try:
                yield from _on(self._frames_of(told, missing), first)
            except MediaError as error:
                damage = damage or error
            lost += len(missing)
            first += told.frames
        if damage is not None:
            raise damage
        if lost:
            raise MediaError(
                ProblemCode.MEDIA_DAMAGED,
                f"Of the {self.kind.value}, {lost} frames cannot be decoded; the others were "
                "hashed.",
            )

    def _frames_of(self, told: Told, missing: dict[int, Wanted]) -> Iterator[Frame]:
        """Of one stream; what of it is wanted is missing until it comes."""
        begun = self.begun.pop() if self.begun else None
        container = opened(self.data, self.kind) if begun is None else begun.container
        with container, failures_named(self.kind):
            stream = container.streams.video[told.place]
            if told.packets is None:
                yield from counted(container, stream, told.counting, self._made)
                return
            coming = container.demux(stream) if begun is None else begun.packets
            yield from decoded(coming, stream, told.packets, told.wanted, missing, self._made)
        if missing:
            yield from self._one_by_one(told, missing)

    def _one_by_one(self, told: Told, missing: dict[int, Wanted]) -> Iterator[Frame]:
        """What decoding by groups has not given: some begin with pictures that need others."""
        with opened(self.data, self.kind) as container, failures_named(self.kind):
            yield from picked(container, container.streams.video[told.place], missing, self._made)

    def _made(self, shown: VideoFrame, number: int, seconds: float) -> Frame:
        """Raises MediaError, MemoryError where it is larger than the header has claimed."""
        check_pixels(shown.width, shown.height, self.kind, self.limits, len(self.data))
        return frame_of(shown, number, seconds)


def _on(frames: Iterator[Frame], first: int) -> Iterator[Frame]:
    """Numbered on after those of the streams before."""
    for frame in frames:
        yield replace(frame, number=first + frame.number)


def read_film(data: bytes, kind: Kind, limits: Limits, *, on_time: Callable[[], None]) -> Film:
    """What there is in a video, from its packets alone.

    `on_time` is called again and again, and raises where it takes too long. Raises MediaError; of
    several streams, what is wrong with one is told when the others have been hashed.
    """
    with ExitStack() as left_open, failures_named(kind):
        container = left_open.enter_context(opened(data, kind))
        decodable = video_streams(container, kind)
        streams, problem = _small_enough(decodable, kind, limits, len(data))
        if not streams:
            raise problem or MemoryError
        if len(decodable) < len(container.streams.video):
            problem = problem or unknown_codec(kind)
        is_small = len(data) <= _KEPT_BYTES and len(streams) == 1
        kept: list[Packet[Any]] | None = [] if is_small else None
        packets = _packets(container, list(streams.values()), on_time, kept)
        told = tuple(
            _told(place, stream, packets[stream.index], kind, limits)
            for place, stream in streams.items()
        )
        ends_early = is_cut_off(data, kind) or any(
            _ends_beyond(stream, len(data)) for stream in streams.values()
        )
        begun = []
        if kept is not None and told[0].packets is not None:
            begun.append(Begun(container, kept))
            left_open.pop_all()  # whoever asks for the frames closes it
    if not any(each.frames for each in told):
        raise MediaError(
            ProblemCode.MEDIA_TRUNCATED, f"The {kind.value} ends before its first frame."
        )
    problem = _problem(told, kind, limits, ends_early=ends_early) or problem
    return Film(data, kind, limits, told, problem, begun)


def _small_enough(
    streams: dict[int, VideoStream], kind: Kind, limits: Limits, file_bytes: int
) -> tuple[dict[int, VideoStream], MediaError | None]:
    """Those that the operator's limit of pixels and this process's of memory allow."""
    allowed: dict[int, VideoStream] = {}
    problem: MediaError | None = None
    for place, stream in streams.items():
        try:
            _check_size(stream, kind, limits, file_bytes)
            allowed[place] = stream
        except MediaError as error:
            problem = error
        except MemoryError:
            problem = problem or (None if len(streams) == 1 else _needs_memory(kind))
    return allowed, problem


def _needs_memory(kind: Kind) -> MediaError:
    return MediaError(
        ProblemCode.MEDIA_OUT_OF_MEMORY,
        f"One of several videos in the {kind.value} needs more memory than there is "
        "(AMPARO_ITEM_MEMORY_BYTES); the others were hashed.",
    )


def _check_size(stream: VideoStream, kind: Kind, limits: Limits, file_bytes: int) -> None:
    """Raises MediaError beyond the operator's limit, MemoryError beyond this process's."""
    width, height = stream.codec_context.width, stream.codec_context.height
    check_pixels(width, height, kind, limits, file_bytes)
    if width * height * _BYTES_A_PIXEL * _KEPT_FRAMES // 2 + file_bytes > limits.memory_bytes:
        raise MemoryError


def _ends_beyond(stream: VideoStream, file_bytes: int) -> bool:
    """Whether the container's index names a packet that the file does not have."""
    return any(each.pos + each.size > file_bytes for each in stream.index_entries)


def _packets(
    container: InputContainer,
    streams: list[VideoStream],
    on_time: Callable[[], None],
    kept: list[Packet[Any]] | None,
) -> dict[int, list[_About]]:
    """What there is to know of the packets of each stream; they are `kept` where that is wanted."""
    found: dict[int, list[_About]] = {each.index: [] for each in streams}
    for number, packet in enumerate(container.demux(streams)):
        if number % 1024 == 0:
            on_time()
        if packet.size:
            about = _About(packet.pts, packet.is_keyframe, not packet.is_discard)
            found[packet.stream_index].append(about)
            if kept is not None:
                kept.append(packet)
    return found


def _told(place: int, stream: VideoStream, found: list[_About], kind: Kind, limits: Limits) -> Told:
    rate = _frames_a_second(stream, found)
    packets = None if kind is Kind.AVI else _usable(stream, found)  # its times are of decoding
    frames = sum(each.is_shown for each in found)
    most, longest_s = limits.video_frames, limits.video_length_seconds
    tick_s = float(stream.time_base or 0)
    seconds = max(frames / rate, _between(found) * tick_s)
    counting = Counting.of(frames, seconds, rate, most=most, longest_s=longest_s)
    if packets is None:
        return Told(place, None, (), counting, frames, seconds)
    wanted, seconds = wanted_frames(
        packets, seconds_a_tick=tick_s, step=counting.step, most=most, longest_s=longest_s
    )
    return Told(place, packets, tuple(wanted), counting, frames, seconds)


def _between(found: list[_About]) -> int:
    """Ticks from the first time that packets tell to the last; 0 where they tell none."""
    times = [each.pts for each in found if each.pts is not None]
    return max(times) - min(times) if times else 0


def _frames_a_second(stream: VideoStream, found: list[_About]) -> float:
    """What the header says, unless the times of the packets say something else altogether."""
    said = float(stream.average_rate or stream.guessed_rate or 0)
    times = np.unique(np.array([each.pts for each in found if each.pts is not None], np.float64))
    usual = float(np.median(np.diff(times)) * (stream.time_base or 0)) if len(times) > 1 else 0.0
    measured = 1 / usual if usual > 0 else 0.0
    is_told = said > 0 and (measured == 0 or said / measured < _FAR_FROM_TRUE)
    return (said if is_told else measured) or 1.0


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
    told: tuple[Told, ...], kind: Kind, limits: Limits, *, ends_early: bool
) -> MediaError | None:
    """What will be told once all frames that there are have been hashed."""
    if any(each.seconds > limits.video_length_seconds for each in told):
        return MediaError(
            ProblemCode.MEDIA_TOO_LONG,
            f"The video is longer than {limits.video_length_seconds} s "
            "(AMPARO_VIDEO_LENGTH_SECONDS); what lies beyond was not hashed.",
        )
    if ends_early:
        return MediaError(
            ProblemCode.MEDIA_TRUNCATED,
            f"The {kind.value} is cut off; the frames before that were hashed.",
        )
    return None
