"""What a scorer answered, held against what it promised."""

import math
from collections.abc import Iterable, Mapping, Sequence

from amparo.detect.scoring.scorer import Scorer

Scores = Mapping[str, float]
"""From label to a number from 0 to 1."""

_DIGITS = 4


def checked_scores(scorer: Scorer, made: object, count: int) -> list[Scores]:
    """The scores of each of `count` pictures. Raises ValueError, which tells no number."""
    if not isinstance(made, Mapping) or set(made) != set(scorer.labels):
        raise ValueError("a scorer answers with a mapping that has its labels, and no others")
    columns = {label: _numbers(made[label], count) for label in scorer.labels}
    return [{label: columns[label][each] for label in scorer.labels} for each in range(count)]


def highest(scores: Iterable[Scores]) -> Scores:
    """Of several frames the highest score under each label: one frame is enough to be seen."""
    found: dict[str, float] = {}
    for each in scores:
        for label, score in each.items():
            found[label] = max(score, found.get(label, 0.0))
    return found


def _numbers(column: object, count: int) -> Sequence[float]:
    try:
        numbers = [float(each) for each in column]  # type: ignore[attr-defined]  # or TypeError
    except (TypeError, ValueError, OverflowError):
        raise ValueError("a scorer answers with numbers, one a picture") from None
    if len(numbers) != count:
        raise ValueError(f"{len(numbers)} scores for {count} pictures")
    if not all(math.isfinite(each) and 0 <= each <= 1 for each in numbers):
        raise ValueError("a score is a number from 0 to 1")
    return [round(each, _DIGITS) for each in numbers]
