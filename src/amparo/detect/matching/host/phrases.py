"""Words and phrases of lists as the index of phrases takes them: folded, all at once."""

from collections.abc import Iterable

import numpy as np

from amparo.detect.hashing.model import Algorithm
from amparo.detect.index.phrases import Phrases
from amparo.detect.index.phrases.model import DIGEST_BYTES
from amparo.detect.lists.model import StoredSignal
from amparo.detect.texts.folding import fold

_BETWEEN = "\0"
"""No phrase has it, and it folds to itself."""


def phrases_of(signals: Iterable[StoredSignal]) -> Phrases:
    """Those of the signals that are such, each once."""
    words = [each.signal for each in signals if each.signal.algorithm == Algorithm.KEYWORD]
    folded = fold("".join(each.text + _BETWEEN for each in words)).codes
    digests = bytes.fromhex("".join(each.value for each in words))
    letters = folded != 0
    return Phrases.joined(
        [
            Phrases(
                folded[letters],
                np.cumsum(letters)[~letters],
                np.frombuffer(digests, np.uint8).reshape(len(words), DIGEST_BYTES),
            )
        ]
    )
