"""Load and compile what matching needs, before the first question."""

import numpy as np

from amparo.detect.index import BruteForceIndex


def warm_up() -> None:
    """Search a list of one."""
    one = np.zeros((1, 4), np.uint64)
    index = BruteForceIndex(one, np.zeros(1, np.uint64), np.zeros(1, np.uint32))
    index.search(one, 31)
