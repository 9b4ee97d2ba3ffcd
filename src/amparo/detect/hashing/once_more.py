"""A file that a plugged-in type may have been the end of is hashed once more without such types."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from amparo.core.problems import Problem, ProblemCode
from amparo.detect.hashing.hash_type import HashType
from amparo.detect.hashing.model import MediaHashes
from amparo.detect.hashing.plug_ins import pixel_hash_types
from amparo.detect.media.model import MediaError

_MOST_NAMES = 20
_log = logging.getLogger(__name__)


def hashed_once_more(ask: Callable[..., MediaHashes]) -> MediaHashes:
    """What `ask` gives; where it dies or takes too long, what it gives without plugged-in types.

    It is told by `with_others`, True or False, whether they may be used. Where no type that hashes
    pixels is plugged in it is asked once. Raises what the last one raises: then it was the file.
    """
    types = pixel_hash_types()
    if not types:
        return ask(with_others=True)
    first: MediaHashes | None = None
    try:
        first = ask(with_others=True)
        if first.problem is None or first.problem.code is not ProblemCode.MEDIA_OUT_OF_TIME:
            return first
        why = "out of time"
    except MediaError as error:
        why = error.problem.code.value.removeprefix("media.").replace("_", " ")
    except MemoryError:
        why = "out of memory"
    again = ask(with_others=False)
    if again.problem is not None:
        return again if first is None else replace(again, others=first.others)
    problem = _missing(types, why)
    _log.warning("%s", problem.message)
    return replace(again, others=first.others if first else (), problem=problem)


def _missing(types: Sequence[HashType], why: str) -> Problem:
    """What is told of a file that was well as soon as none of them was asked."""
    names = ", ".join(repr(each.name) for each in types[:_MOST_NAMES])
    which = "The hash type" if len(types) == 1 else "One of the hash types"
    return Problem(
        ProblemCode.MEDIA_HASH_MISSING,
        f"{which} {names} failed ({why}); the file was hashed without, and looked up by all else.",
    )
