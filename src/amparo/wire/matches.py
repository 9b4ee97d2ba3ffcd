"""Look-ups of hashes, by those who hash by themselves."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from amparo.wire.media import MatchAnswer, Said

MOST_HASHES = 1000


class AskedHash(Said):
    """A hash, in hexadecimal digits; `quality` is that of PDQ."""

    algorithm: Literal["pdq", "md5", "sha1", "sha256"]
    value: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{32,64}$")]
    quality: Annotated[int, Field(strict=True, ge=0, le=100)] = 100


class MatchesRequest(Said):
    """Hashes to look up. Variants are not made of them: send those too."""

    hashes: Annotated[tuple[AskedHash, ...], Field(min_length=1, max_length=MOST_HASHES)]


class MatchesAnswer(BaseModel):
    """For each hash what it matched; `revisions` says how far each list was searched."""

    results: list[list[MatchAnswer]]
    revisions: dict[str, int]
