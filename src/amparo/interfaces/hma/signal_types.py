"""What HMA calls hashes and media, as far as Amparo matches them, and how two hashes compare."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Body

from amparo.core.errors import Invalid
from amparo.detect.hashing.model import Algorithm
from amparo.detect.hashing.vpdq import vpdq_frames
from amparo.detect.lists.forms import read_value
from amparo.detect.lists.model import Signal, VideoRule
from amparo.detect.matching.films import shares
from amparo.interfaces.calls.callers import ListsReader, MatchesReader
from amparo.interfaces.hma.route import KeyedCall

router = APIRouter(route_class=KeyedCall)

SIGNAL_TYPES = {
    "pdq": Algorithm.PDQ, "video_md5": Algorithm.MD5, "vpdq": Algorithm.VPDQ, "url": Algorithm.URL,
}  # fmt: skip
CONTENT_TYPES = {"photo": ("pdq",), "video": ("video_md5", "vpdq")}
FARTHEST_BITS = 31
"""Two PDQ hashes that differ by more are of two pictures."""

NO_DISTANCE = "-"
"""What HMA says of a match of hashes that are equal or not, and nothing between."""

_NOT_MATCHED = frozenset({"url_md5", "raw_text"})
_PDQ = re.compile(r"[0-9a-f]{64}")
_MD5 = re.compile(r"[0-9a-f]{32}")


@router.get("/c/signal_type")
def signal_types(_: ListsReader) -> list[dict[str, Any]]:
    """The signal types that are matched."""
    return [{"name": name, "enabled_ratio": 1.0} for name in SIGNAL_TYPES]


@router.get("/c/content_type")
def content_types(_: ListsReader) -> list[dict[str, Any]]:
    """The content types that are hashed."""
    return [{"name": name, "enabled": True} for name in CONTENT_TYPES]


@router.post("/m/compare")
def compare(body: Annotated[dict[str, Any], Body()], _: MatchesReader) -> dict[str, Any]:
    """Whether two hashes of a type match, for each type that is given."""
    return {name: _compared(name, values) for name, values in body.items()}


def algorithm_of(name: str) -> Algorithm:
    """Raises Invalid where the signal type is not matched."""
    if name in _NOT_MATCHED:
        raise Invalid(
            f"SignalType '{name}' is not enabled: Amparo does not match it. Links are matched as "
            "'url', words by POST /v1/texts."
        )
    if name not in SIGNAL_TYPES:
        raise Invalid("No such SignalType; there are pdq, video_md5, vpdq and url.")
    return SIGNAL_TYPES[name]


def checked_signal(name: str, value: object) -> Signal:
    """A hash of a type as a list has it. Raises Invalid, which does not repeat it."""
    algorithm = algorithm_of(name)
    if not isinstance(value, str):
        raise Invalid(f"invalid signal: a {name} hash is a text.")
    if algorithm.has_text:
        try:
            digits, text = read_value(algorithm, value)
        except Invalid as error:
            raise Invalid(f"invalid signal: it {error.message}.") from error
        return Signal("", algorithm, digits, text=text)
    if algorithm == Algorithm.MD5:
        value = value.strip().lower()
    if not (_PDQ if algorithm == Algorithm.PDQ else _MD5).fullmatch(value):
        raise Invalid(
            f"invalid signal: a {name} hash has {algorithm.digits} lower-case hexadecimal digits."
        )
    return Signal("", algorithm, value)


def types_of(content_type: str, wanted: str | None) -> tuple[str, ...]:
    """The signal types of a content type, or those of them that are wanted. Raises Invalid."""
    if content_type not in CONTENT_TYPES:
        raise Invalid("no such content_type; there are photo and video.")
    known = CONTENT_TYPES[content_type]
    if wanted is None:
        return known
    names = tuple(dict.fromkeys(name.strip() for name in wanted.split(",") if name.strip()))
    if not names:
        raise Invalid("empty signal type selection")
    if not set(names) <= set(known):
        raise Invalid(
            f"One of these signal types doesn't exist for {content_type} or is disabled; there is "
            f"{' and '.join(known)}."
        )
    return names


def _compared(name: str, values: object) -> list[Any]:
    if not isinstance(values, list):
        raise Invalid("Comparison hashes were not a list")
    if len(values) != 2:
        raise Invalid("Comparison hash list length must be exactly 2")
    left, right = (checked_signal(name, each) for each in values)
    if left.algorithm == Algorithm.VPDQ:
        return _compared_videos(left, right)
    if left.algorithm != Algorithm.PDQ:
        return [left.value == right.value, {}]
    distance = (int(left.value, 16) ^ int(right.value, 16)).bit_count()
    return [distance <= FARTHEST_BITS, {"distance": distance}]


def _compared_videos(left: Signal, right: Signal) -> list[Any]:
    """By HMA's own rule, which asks for a share of the first one's frames alone."""
    query, compared = shares(vpdq_frames(left.text), right.text)
    alike = query >= _HMA_RULE.query_percent and compared >= _HMA_RULE.listed_percent
    return [alike, {"query_match_percent": query, "compared_match_percent": compared}]


_HMA_RULE = VideoRule(80, 0)
