"""Packets to frames: only those that are wanted, at the cost of as few others as can be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from amparo.detect.media.film.pixels import frame_of
from amparo.detect.media.film.plan import Packets, Run, Wanted, runs
from amparo.detect.media.model import Frame

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.codeccontext import VideoCodecContext
    from av.video.stream import VideoStream

_ALL: Literal["DEFAULT"] = "DEFAULT"
_NEEDED_BY_OTHERS: Literal["NONREF"] = "NONREF"
"""FFmpeg's words for what a decoder passes over."""


def counted(
    container: InputContainer, stream: VideoStream, step: int, frames_a_second: float
) -> Iterator[Frame]:
    """Every `step`-th frame, by decoding all of them."""
    _alone(stream.codec_context)
    for number, shown in enumerate(container.decode(stream)):
        if number % step == 0:
            seconds = shown.time if shown.time is not None else number / frames_a_second
            yield frame_of(shown, number, max(0.0, seconds))


def decoded(
    container: InputContainer, stream: VideoStream, packets: Packets, wanted: Sequence[Wanted]
) -> Iterator[Frame]:
    """The wanted frames of packets that tell when they are shown."""
    decoder = stream.codec_context
    _alone(decoder)
    coming = enumerate(packet for packet in container.demux(stream) if packet.size)
    for run in runs(packets, list(wanted)):
        by_time = {each.pts: each for each in run.wanted}
        for shown in _shown(decoder, coming, run):
            found = by_time.pop(shown.pts, None) if shown.pts is not None else None
            if found is not None:
                yield frame_of(shown, found.number, found.seconds)


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
