"""Frames of a video as colours, converted as the field's own tools do, so that hashes agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from amparo.detect.media.model import Frame

if TYPE_CHECKING:
    from av import VideoFrame

_TURNED = {0: 1, 90: 8, 180: 3, 270: 6}
"""EXIF's orientation for degrees by which a player turns the picture, against the clock."""


def frame_of(shown: VideoFrame, number: int, seconds: float) -> Frame:
    """A decoded frame as it is hashed."""
    return Frame(
        number,
        _pixels(shown),
        _TURNED.get(round(shown.rotation) % 360, 1),
        height=shown.height,
        width=shown.width,
        seconds=seconds,
    )


def _pixels(shown: VideoFrame) -> NDArray[np.uint8]:
    """uint8[height, width, 3], over white where something is transparent."""
    if not _may_be_transparent(shown):
        return np.ascontiguousarray(shown.reformat(format="rgb24").to_ndarray())
    pixels = shown.reformat(format="rgba").to_ndarray().astype(np.uint16)
    alpha = pixels[:, :, 3:]
    return ((pixels[:, :, :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def _may_be_transparent(shown: VideoFrame) -> bool:
    return shown.format.name == "pal8" or any(each.is_alpha for each in shown.format.components)
