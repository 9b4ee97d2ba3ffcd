"""The one way a function here becomes machine code, and the list of all that did."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba
import numpy as np

Whole = int | np.int64
"""A whole number; a kernel makes no difference between Python's and NumPy's."""

P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile with IEEE rounding in the order written; releases the GIL; kept on disk."""
    return cast(Callable[P, R], numba.njit(cache=True, nogil=True)(function))


def relaxed_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Like `kernel`, but sums may be reordered and fused so that they run in vector lanes."""
    fastmath = {"reassoc", "contract", "nsz"}
    return cast(Callable[P, R], numba.njit(cache=True, nogil=True, fastmath=fastmath)(function))
