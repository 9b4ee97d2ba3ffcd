"""From the bytes of a video to its vPDQ hash, on one processor, against Meta's `vpdq` package.

Where that package is not installed (it is built against FFmpeg's headers: `pip install vpdq`), the
peer decodes all frames with PyAV and hashes every n-th with Meta's PDQ, and is named so.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.hashing.warm_up import warm_up
from amparo.detect.media.model import Limits
from amparo.programs.demo.photographs import KNOWN, UNRELATED
from amparo.testing.clips import Picture, film
from benchmarks.figures import Figure, medians_ms

SECONDS = 20
A_SECOND = 30
ROUNDS = 5
TARGET = 2.2
FARTHEST_BITS = 4
EVIDENCE = 50

CLIPS = (
    # name, width, height, container, codec, its options
    ("360p H.264", 640, 360, "mp4", "libx264", {}),
    ("720p H.264", 1280, 720, "mp4", "libx264", {}),
    ("1080p H.264", 1920, 1080, "mp4", "libx264", {}),
    ("720p H.264, a key frame each two seconds", 1280, 720, "mp4", "libx264", {"g": "60"}),
    ("720p VP9", 1280, 720, "webm", "libvpx-vp9", {"deadline": "realtime", "cpu-used": "8"}),
    ("720p H.265", 1280, 720, "matroska", "libx265", {"x265-params": "log-level=0"}),
    ("720p MPEG-2", 1280, 720, "vob", "mpeg2video", {"b": "6M"}),
)
TARGETED = ("720p H.264", "1080p H.264", "360p H.264", CLIPS[3][0])
"""What platforms get; of other codecs the figure is told, and depends on what can be left out."""

Hashes = dict[int, tuple[str, int]]
"""The hash of a frame in hexadecimal digits, and its quality, by its number."""


@dataclass(frozen=True, slots=True)
class _Measured:
    """One clip: milliseconds of both, and how far their hashes lie apart."""

    ours: float
    peer: float
    peer_name: str
    same_frames: bool
    farthest: int


def measure(size: int = ROUNDS) -> list[Figure]:
    """`size` is the number of rounds, in which both take turns."""
    figures = []
    for name, width, height, container, codec, options in CLIPS:
        data = film(
            walk(width, height), container=container, codec=codec, a_second=A_SECOND,
            options=options,
        )  # fmt: skip
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            found = process.submit(_on_one_processor, data, size).result()
        target = TARGET if name in TARGETED else None
        figures += [
            Figure.of(name, "ms", [found.ours], [found.peer], found.peer_name, target=target),
            _is_true(f"{name}: the same frames", found.same_frames, found.peer_name),
            Figure(
                f"{name}: farthest hash", "bits", found.farthest, FARTHEST_BITS, "allowed",
                found.farthest / FARTHEST_BITS, 1.0, at_most=True,
            ),
        ]  # fmt: skip
    return figures


def _is_true(name: str, holds: bool, peer: str) -> Figure:
    return Figure(name, "", float(holds), 1.0, peer, float(holds), 1.0)


def walk(width: int, height: int) -> Iterator[Picture]:
    """A camera that moves over one photograph after another."""
    photographs = (*KNOWN, *UNRELATED)
    each_s = SECONDS / len(photographs)
    for scene, photograph in enumerate(photographs):
        large = np.asarray(ImageOps.fit(photograph.open(), (width * 5 // 4, height * 5 // 4),
                                        Image.Resampling.BICUBIC))  # fmt: skip
        first, behind = (round(number * each_s * A_SECOND) for number in (scene, scene + 1))
        for number in range(behind - first):
            left = width // 4 * number // (behind - first)
            top = height // 4 * number // (behind - first)
            yield large[top : top + height, left : left + width]


def _on_one_processor(data: bytes, rounds: int) -> _Measured:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    warm_up()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "clip"
        path.write_bytes(data)
        peer_name, peer = _peer(path, data)
        times = medians_ms({"ours": lambda: _ours(data), "peer": peer}, rounds)
        ours, theirs = _ours(data), peer()
    common = [number for number in ours if theirs.get(number, ("", 0))[1] >= EVIDENCE]
    distances = [
        (int(ours[number][0], 16) ^ int(theirs[number][0], 16)).bit_count() for number in common
    ]
    return _Measured(
        times["ours"], times["peer"], peer_name, ours.keys() == theirs.keys(), max(distances)
    )


def _ours(data: bytes) -> Hashes:
    hashes = hash_media(data, Limits())
    return {each.frame: (each.hex, each.quality) for each in hashes.pictures}


def _peer(path: Path, data: bytes) -> tuple[str, Callable[[], Hashes]]:
    if find_spec("vpdq") is None:
        return "all frames decoded and hashed", lambda: _all_decoded(data)
    vpdq: Any = import_module("vpdq")

    def run() -> Hashes:
        found = vpdq.computeHash(str(path), seconds_per_hash=1.0, thread_count=1)
        return {each.frame_number: (each.hex, each.quality) for each in found}

    return "vpdq", run


def _all_decoded(data: bytes) -> Hashes:
    av: Any = import_module("av")
    pdqhash: Any = import_module("pdqhash")
    found: Hashes = {}
    with av.open(BytesIO(data)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        step = max(1, int(float(stream.average_rate)))
        for number, frame in enumerate(container.decode(stream)):
            if number % step == 0:
                bits, quality = pdqhash.compute(frame.to_ndarray(format="rgb24"))
                found[number] = np.packbits(bits).tobytes().hex(), int(quality)
    return found
