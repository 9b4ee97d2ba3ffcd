"""Packets to frames: only those that are wanted, at the cost of as few others as can be."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from amparo.core.problems import ProblemCode
from amparo.detect.media.film.plan import Counting, Packets, Run, Wanted, runs
from amparo.detect.media.model import Frame, MediaError

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.codeccontext import VideoCodecContext
    from av.video.stream import VideoStream

_REFRESHED = frozenset({"h264", "hevc", "mpeg2video", "mpeg1video"})
"""Codecs in which pictures may be refreshed bit by bit."""

_WHOLE = 1
"""FFmpeg's number for a picture that needs no other."""


_ALL: Literal["DEFAULT"] = "DEFAULT"
_NEEDED_BY_OTHERS: Literal["NONREF"] = "NONREF"
"""FFmpeg's words for what a decoder passes over."""


Made = Callable[["VideoFrame", int, float], Frame]
"""Makes of what was decoded, its number and second, a frame as it is hashed."""


def counted(
    container: InputContainer, stream: VideoStream, counting: Counting, made: Made
) -> Iterator[Frame]:
    """Frames as they are to be counted, by decoding all of them.

    Raises MediaError where some are left when there are enough, or it has lasted long enough.
    """
    _alone(stream.codec_context)
    began: float | None = None
    seconds, last, many = 0.0, -math.inf, 0
    for number, shown in enumerate(container.decode(stream)):
        at = shown.time if shown.time is not None else number / counting.frames_a_second
        if began is None:
            began = at
        elif not counting.may_follow(at - began - seconds):
            began = at - seconds - 1 / counting.frames_a_second
        seconds = at - began
        if seconds > counting.longest_s:
            raise _too_long("lasts longer than AMPARO_VIDEO_LENGTH_SECONDS")
        if counting.takes(number, seconds - last):
            if many == counting.most:
                raise _too_long("has more frames than AMPARO_VIDEO_FRAMES")
            last, many = seconds, many + 1
            yield made(shown, number, seconds)


def _too_long(why: str) -> MediaError:
    return MediaError(
        ProblemCode.MEDIA_TOO_LONG, f"The video {why}; what lies beyond was not hashed."
    )


def decoded(
    packets_as_read: Iterable[Packet[VideoStream]],
    stream: VideoStream,
    packets: Packets,
    wanted: Sequence[Wanted],
    missing: dict[int, Wanted],
    made: Made,
) -> Iterator[Frame]:
    """The wanted frames of packets that tell when they are shown.

    Each is taken out of `missing` when it comes: some decoders leave a first one out.
    """
    decoder = stream.codec_context
    _alone(decoder)
    coming = enumerate(packet for packet in packets_as_read if packet.size)
    for run in runs(packets, list(wanted)):
        is_whole = decoder.name not in _REFRESHED
        for shown in _shown(decoder, coming, run):
            # Where a group begins with no whole picture, what follows is whole only after a while.
            is_whole = is_whole or shown.pict_type == _WHOLE
            if not is_whole:
                continue
            found = missing.pop(shown.pts, None) if shown.pts is not None else None
            if found is not None:
                yield made(shown, found.number, found.seconds)


def picked(
    container: InputContainer, stream: VideoStream, missing: dict[int, Wanted], made: Made
) -> Iterator[Frame]:
    """Those of the missing frames that decoding everything gives; they are missing no more."""
    _alone(stream.codec_context)
    for shown in container.decode(stream):
        found = missing.pop(shown.pts, None) if shown.pts is not None else None
        if found is not None:
            yield made(shown, found.number, found.seconds)
        if not missing:
            return


def _alone(decoder: VideoCodecContext) -> None:
    """Files are decoded side by side; threads within one would win nothing."""
    decoder.thread_count = 1
    decoder.thread_type = "NONE"


def _shown(
    decoder: VideoCodecContext, coming: Iterator[tuple[int, Packet[VideoStream]]], run: Run
) -> Iterator[VideoFrame]:
    """What a decoder gives for the packets of a run, as it gives it."""
    wanted = {each.packet for each in run.wanted}
    for number, packet in coming:
        if number < run.first:
            continue
        decoder.skip_frame = _ALL if number in wanted else _NEEDED_BY_OTHERS
        yield from decoder.decode(packet)
        if number == run.last:
            break
    decoder.skip_frame = _ALL
    yield from decoder.decode(None)
    decoder.flush_buffers()
