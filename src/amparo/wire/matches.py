"""Look-ups of hashes, by those who hash by themselves."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, ValidationInfo

from amparo.wire.media import MatchAnswer, Said

MOST_HASHES = 1000

AlgorithmName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,19}$")]
"""`pdq`, `md5`, `sha1`, `sha256`, or a hash type that the operator has plugged in."""

_DIGITS = re.compile(r"([0-9a-fA-F]{2}){1,4096}")


def _digits_unless_a_video(value: str, info: ValidationInfo) -> str:
    """Raises ValueError where a hash is written in no hexadecimal digits."""
    if info.data.get("algorithm") != "vpdq" and not _DIGITS.fullmatch(value):
        raise ValueError("must be hexadecimal digits, two for each byte")
    return value


HashValue = Annotated[str, Field(min_length=1, max_length=1_000_000, pattern=r"^[^\x00]*$")]
"""Hexadecimal digits; of `vpdq` a JSON list of "hash,quality,seconds", one for each frame."""


class AskedHash(Said):
    """A hash, in hexadecimal digits; `quality` is that of PDQ."""

    algorithm: AlgorithmName
    value: Annotated[HashValue, AfterValidator(_digits_unless_a_video)]
    quality: Annotated[int, Field(strict=True, ge=0, le=100)] = 100


class MatchesRequest(Said):
    """Hashes to look up. Variants are not made of them: send those too."""

    hashes: Annotated[tuple[AskedHash, ...], Field(min_length=1, max_length=MOST_HASHES)]


class MatchesAnswer(BaseModel):
    """For each hash what it matched; `revisions` says how far each list was searched."""

    results: list[list[MatchAnswer]]
    revisions: dict[str, int]
