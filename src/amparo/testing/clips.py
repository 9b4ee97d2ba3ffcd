"""Small clips of drawn pictures, in any container and codec, for those who test with videos."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from importlib import import_module
from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amparo.testing.hostile import photograph_like

Picture = NDArray[np.uint8]
"""uint8[height, width, 3], both even."""


def panned(
    seconds: float,
    *,
    a_second: int = 24,
    width: int = 320,
    height: int = 240,
    scene_s: float = 2.0,
    seed: int = 1,
) -> Iterator[Picture]:
    """What a camera sees that moves over one large picture after another."""
    for number in range(round(seconds * a_second)):
        scene, at = divmod(number / a_second, scene_s)
        large = _large(width, height, seed=seed + int(scene))
        left = int((at / scene_s) * width // 2)
        top = int((at / scene_s) * height // 4)
        yield large[top : top + height, left : left + width]


def _large(width: int, height: int, *, seed: int) -> Picture:
    if (key := (width, height, seed)) not in _pictures:
        picture = photograph_like(width * 3 // 2, height * 3 // 2, seed=seed)
        _pictures[key] = np.asarray(picture)
    return _pictures[key]


_pictures: dict[tuple[int, int, int], Picture] = {}


def film(
    pictures: Iterable[Picture],
    *,
    container: str = "mp4",
    codec: str = "libx264",
    a_second: float = 24,
    pixels: str = "yuv420p",
    times: Iterable[int] | None = None,
    options: dict[str, str] | None = None,
    layout: dict[str, str] | None = None,
    rotation: int = 0,
) -> bytes:
    """The pictures as a video; `times` are thousandths of a second, where it is not regular.

    `options` are the codec's, `layout` the container's, in FFmpeg's words; `rotation` are degrees
    against the clock by which a player turns it.
    """
    av: Any = import_module("av")
    shown_at = iter(times) if times is not None else None
    # A file, because some layouts are written twice, the second time from what is there.
    with (
        NamedTemporaryFile(suffix=".film") as out,
        av.open(out.name, "w", format=container, options=layout or {}) as writer,
    ):
        stream = None
        rate = Fraction(a_second).limit_denominator(1001)
        for number, picture in enumerate(pictures):
            if stream is None:
                stream = writer.add_stream(codec, rate=rate, options=options or {})
                stream.height, stream.width = picture.shape[:2]
                stream.pix_fmt = pixels
                stream.codec_context.thread_count = 1
                if shown_at is not None:
                    stream.codec_context.time_base = Fraction(1, 1000)
                if rotation:
                    stream.set_display_rotation(rotation)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts = number if shown_at is None else next(shown_at)
            frame.time_base = 1 / rate if shown_at is None else Fraction(1, 1000)
            writer.mux(stream.encode(frame))
        if stream is not None:
            writer.mux(stream.encode(None))
        writer.close()
        return Path(out.name).read_bytes()


def sound(seconds: float = 1.0, *, container: str = "mp4", codec: str = "aac") -> bytes:
    """A container of videos that holds a hum alone."""
    av: Any = import_module("av")
    out = BytesIO()
    rate = 44_100
    waves = np.sin(np.arange(int(seconds * rate)) / 20).astype(np.float32)
    with av.open(out, "w", format=container) as writer:
        stream = writer.add_stream(codec, rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(waves[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts = rate, 0
        writer.mux(stream.encode(frame))
        writer.mux(stream.encode(None))
    return out.getvalue()


def films_side_by_side(*several: list[Picture], a_second: int = 24) -> bytes:
    """One file with several videos in it, as cameras with two lenses write them."""
    av: Any = import_module("av")
    out = BytesIO()
    with av.open(out, "w", format="matroska") as writer:
        streams = [writer.add_stream("mpeg4", rate=a_second) for _ in several]
        for stream, pictures in zip(streams, several, strict=True):
            stream.height, stream.width = pictures[0].shape[:2]
            stream.pix_fmt = "yuv420p"
        for stream, pictures in zip(streams, several, strict=True):
            for number, picture in enumerate(pictures):
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, a_second)
                writer.mux(stream.encode(frame))
            writer.mux(stream.encode(None))
    return out.getvalue()


def film_of_jpegs(jpegs: Sequence[bytes], *, width: int, height: int) -> bytes:
    """JPEG files shown for a second each, whatever their size; the header claims a size of all."""
    av: Any = import_module("av")
    out = BytesIO()
    with av.open(out, "w", format="matroska") as writer:
        stream = writer.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuvj420p"
        for number, jpeg in enumerate(jpegs):
            packet = av.Packet(jpeg)
            packet.stream, packet.pts, packet.dts = stream, number, number
            packet.time_base, packet.is_keyframe = Fraction(1, 1), True
            writer.mux(packet)
    return out.getvalue()
