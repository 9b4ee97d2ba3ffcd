"""Each letter of a text replaced by what a table has for it, with where it came from."""

import numpy as np
from numpy.typing import NDArray

from amparo.kernels.compiling import kernel


@kernel
def unfolded(
    text: NDArray[np.uint32],
    first: NDArray[np.uint32],
    count: NDArray[np.uint8],
    pool: NDArray[np.uint32],
) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """For `text` uint32[T], the codes uint32[N] that stand for it and their places uint32[N] in it.

    What stands for a code are `count[code]` entries of `pool`, from `first[code]` on.
    """
    length = 0
    for code in text:
        length += count[code]
    codes = np.empty(length, np.uint32)
    origins = np.empty(length, np.uint32)
    made = 0
    for place in range(text.shape[0]):
        begin = np.int64(first[text[place]])
        for each in range(np.int64(count[text[place]])):
            codes[made] = pool[begin + each]
            origins[made] = place
            made += 1
    return codes, origins
