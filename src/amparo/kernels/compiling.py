"""The one way a function here becomes machine code, and the list of all that did."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numba
import numpy as np

Whole = int | np.int64
"""A whole number; a kernel makes no difference between Python's and NumPy's."""

P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile with IEEE rounding in the order written; releases the GIL; kept on disk."""
    return _compiled(function)


def relaxed_kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Like `kernel`, but sums may be reordered and fused so that they run in vector lanes."""
    return _compiled(function, fastmath={"reassoc", "contract", "nsz"})


def _compiled(function: Callable[P, R], **options: Any) -> Callable[P, R]:
    try:
        return cast(Callable[P, R], numba.njit(cache=True, nogil=True, **options)(function))
    except RuntimeError:
        # Nothing can be kept on this disk: a command that runs no kernel works nevertheless.
        return cast(Callable[P, R], numba.njit(nogil=True, **options)(function))
