"""What every scorer must do: derive a test class from this, and name your plug-in file.

```python
class TestMine(ScorerContract):
    file = Path("mine.py")
```
"""

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from amparo.detect.scoring.answers import Scores, checked_scores
from amparo.detect.scoring.plug_ins import load
from amparo.detect.scoring.scorer import PictureScorer, PixelScorer, Scorer, warm
from amparo.testing.hostile import encoded, photograph_like

_FIRST, _OTHER = photograph_like(320, 240), photograph_like(320, 240, seed=5)
_SAME = 0.02
"""So little may a score differ by what else is scored at the same time."""


class ScorerContract:
    """Tests for one plug-in file; `file` is where it is. A service must be there to be asked."""

    file: Path

    @pytest.fixture
    def scorer(self) -> Scorer:
        """The scorer as Amparo loads it, warm."""
        found = load(self.file)
        warm(found)
        return found

    def test_each_picture_has_a_score_under_each_label(self, scorer: Scorer) -> None:
        """From 0 to 1, and under no other label."""
        (scores,) = scored(scorer, [_FIRST])
        assert set(scores) == set(scorer.labels)

    def test_the_same_picture_has_the_same_scores(self, scorer: Scorer) -> None:
        """When it is asked again."""
        assert scored(scorer, [_FIRST]) == scored(scorer, [_FIRST])

    def test_scores_stand_in_the_order_of_the_pictures(self, scorer: Scorer) -> None:
        """And each picture has its own, whatever it is scored with."""
        alone = [scored(scorer, [each])[0] for each in (_FIRST, _OTHER)]
        together = scored(scorer, [_FIRST, _OTHER, _OTHER, _FIRST])
        expected = [alone[0], alone[1], alone[1], alone[0]]
        for one, other in zip(together, expected, strict=True):
            for label in scorer.labels:
                assert abs(one[label] - other[label]) <= _SAME

    def test_sixteen_pictures_are_scored_at_once(self, scorer: Scorer) -> None:
        """As many as an upload, or several uploads, may have."""
        assert len(scored(scorer, [_FIRST] * 16)) == 16

    @pytest.mark.parametrize("colour", ["black", "white", "red"])
    def test_an_empty_picture_has_scores(self, scorer: Scorer, colour: str) -> None:
        """Nothing to be seen is no error, and no number that is none."""
        assert scored(scorer, [Image.new("RGB", (64, 64), colour)])

    def test_the_smallest_picture_has_scores(self, scorer: Scorer) -> None:
        """One pixel: a service is sent it as it is."""
        assert scored(scorer, [Image.new("RGB", (1, 1), "grey")])

    def test_pictures_are_not_changed(self, scorer: Scorer) -> None:
        """Other scorers see the same ones."""
        if isinstance(scorer, PixelScorer):
            pixels = _pixels([_FIRST], scorer.side)
            pixels.flags.writeable = False
            scorer.score_pixels(pixels)

    def test_a_service_is_asked_from_several_threads(self, scorer: Scorer) -> None:
        """A model is asked from one."""
        found: list[Sequence[Scores]] = []
        number = 4 if isinstance(scorer, PictureScorer) else 1
        threads = [
            threading.Thread(target=lambda: found.append(scored(scorer, [_FIRST])))
            for _ in range(number)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert found == [scored(scorer, [_FIRST])] * number


def scored(scorer: Scorer, pictures: Sequence[Image.Image]) -> Sequence[Scores]:
    """What a scorer makes of pictures, as Amparo gives them and checks it. Raises ValueError."""
    if isinstance(scorer, PixelScorer):
        made: object = scorer.score_pixels(_pixels(pictures, scorer.side))
    else:
        assert isinstance(scorer, PictureScorer)
        made = scorer.score_pictures([_jpeg(each, scorer.side) for each in pictures])
    return checked_scores(scorer, made, len(pictures))


def _pixels(pictures: Sequence[Image.Image], side: int) -> NDArray[np.uint8]:
    square = (side, side)
    small = [each.convert("RGB").resize(square, Image.Resampling.BILINEAR) for each in pictures]
    return np.stack([np.asarray(each) for each in small])


def _jpeg(picture: Image.Image, side: int) -> bytes:
    small = picture.convert("RGB")
    small.thumbnail((side, side))
    return encoded(small, "JPEG")
