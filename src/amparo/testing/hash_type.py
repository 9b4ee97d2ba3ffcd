"""What every hash type must do: derive a test class from this, and name your plug-in file.

```python
class TestMine(HashTypeContract):
    file = Path("mine.py")
```
"""

import threading
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from amparo.detect.hashing.hash_type import FileHashType, Hashed, HashType, PixelHashType
from amparo.detect.hashing.others import checked_hash
from amparo.detect.hashing.plug_ins import load
from amparo.testing.hostile import encoded, photograph_like

_SIZES = ((1, 1), (1, 300), (3, 2), (64, 64), (2000, 30))
_FIRST, _OTHER = photograph_like(320, 240), photograph_like(320, 240, seed=5)


class HashTypeContract:
    """Tests for one plug-in file; `file` is where it is. A service must be there to be asked."""

    file: Path

    @pytest.fixture
    def kind(self) -> HashType:
        """The type as Amparo loads it."""
        found = load(self.file)
        if isinstance(found, PixelHashType):
            found.warm_up()
        return found

    def test_the_same_picture_has_the_same_hash(self, kind: HashType) -> None:
        """Also when it is asked again, and from several threads at once."""
        expected = _value(kind, _FIRST)
        found: list[bytes] = []
        threads = [
            threading.Thread(target=lambda: found.append(_value(kind, _FIRST))) for _ in range(4)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert found == [expected] * 4

    def test_a_copy_is_near_and_another_picture_is_not(self, kind: HashType) -> None:
        """Saved again as JPEG; and something else altogether."""
        known = _rows(_value(kind, _FIRST), _value(kind, _OTHER))
        copy = Image.open(BytesIO(encoded(_FIRST, "JPEG", quality=70)))
        near, far = kind.distances(_row(_value(kind, copy)), known).tolist()
        assert near <= kind.radius < far

    def test_distances_are_a_measure(self, kind: HashType) -> None:
        """Whole numbers, 0 for equal values, never below, the same in both directions."""
        chance = np.random.default_rng(1)
        some = chance.integers(0, 256, (50, kind.width_bytes), np.uint8)
        table = np.array([kind.distances(each, some) for each in some])
        assert table.shape == (50, 50)
        assert table.dtype.kind in "iu"
        assert (np.diag(table) == 0).all()
        assert (table >= 0).all()
        assert (table == table.T).all()

    def test_no_known_hash_is_no_distance(self, kind: HashType) -> None:
        """An empty list is compared too."""
        none = np.empty((0, kind.width_bytes), np.uint8)
        assert len(kind.distances(np.zeros(kind.width_bytes, np.uint8), none)) == 0

    def test_known_hashes_are_not_changed(self, kind: HashType) -> None:
        """They lie in a file that all processes share, and may not be written to."""
        known = _rows(_value(kind, _FIRST), _value(kind, _OTHER))
        known.flags.writeable = False
        kind.distances(known[0], known)

    @pytest.mark.parametrize("size", _SIZES)
    def test_odd_sizes_have_a_hash_or_none(self, kind: HashType, size: tuple[int, int]) -> None:
        """And no error, whatever the size."""
        made = _hashed(kind, photograph_like(*size))
        assert made is None or checked_hash(kind, made)


def _hashed(kind: HashType, picture: Image.Image) -> Hashed | None:
    if isinstance(kind, PixelHashType):
        return kind.hash_pixels(np.array(picture.convert("RGB")))
    assert isinstance(kind, FileHashType)
    return kind.hash_file(encoded(picture, "PNG"), "image/png")


def _value(kind: HashType, picture: Image.Image) -> bytes:
    made = _hashed(kind, picture)
    assert made is not None, "an ordinary picture has a hash"
    return checked_hash(kind, made).value


def _row(value: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(value, np.uint8)


def _rows(*values: bytes) -> NDArray[np.uint8]:
    return np.array([_row(each) for each in values])
