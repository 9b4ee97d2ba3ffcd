"""The near hashes of a part, object by object, without frames that are the same as one before."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from amparo.detect.matching.match import ORIGINAL

COLUMNS = tuple(
    f"pdq.list.element.{name}" for name in ("value", "quality", "variant", "frame", "seconds")
)


class Pictures:
    """All near hashes of a part, one behind the other: `offsets` int64[R + 1] by row."""

    def __init__(self, table: Any) -> None:
        """Of a table that has COLUMNS."""
        lists = table.column("pdq").combine_chunks()
        self.offsets: NDArray[np.int64] = lists.offsets.to_numpy().astype(np.int64)
        self.elements = lists.values
        self.values = values_of(self.elements.field("value"))
        self.qualities: NDArray[np.uint8] = self.elements.field("quality").to_numpy()

    def counted(self) -> NDArray[np.bool_]:
        """bool[N]: which are looked up, as of an upload: of frames that are the same, the first."""
        counted = np.ones(len(self.values), np.bool_)
        timed = self.elements.field("seconds").is_valid().to_numpy(zero_copy_only=False)
        if not timed.any():
            return counted
        rows = np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))
        frames = rows << 32 | self.elements.field("frame").to_numpy()
        originals = np.flatnonzero(timed & self._are_originals())
        whole = np.concatenate(
            [rows[originals, None].astype(np.int64).view(np.uint8), self.values[originals]], axis=1
        )
        _, firsts = np.unique(whole.view(f"V{whole.shape[1]}").ravel(), return_index=True)
        again = np.ones(len(originals), np.bool_)
        again[firsts] = False
        counted[timed & np.isin(frames, frames[originals[again]])] = False
        return counted

    def _are_originals(self) -> NDArray[np.bool_]:
        variants = self.elements.field("variant")
        names = variants.dictionary.to_pylist()
        which = names.index(ORIGINAL) if ORIGINAL in names else -1
        same: NDArray[np.bool_] = variants.indices.to_numpy() == which
        return same


def values_of(column: Any) -> NDArray[np.uint8]:
    """A column of values of one width as uint8[N, W], without a copy; nulls are anything."""
    width = column.type.byte_width
    _, data = column.buffers()
    flat = np.frombuffer(data, np.uint8, len(column) * width, column.offset * width)
    return flat.reshape(len(column), width)
