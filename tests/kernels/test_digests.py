"""Equal digests are found wherever they stand, however unevenly they are spread."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from amparo.kernels.digests import equal_rows


def in_order(digests: list[bytes], width: int) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(sorted(digests)), np.uint8).reshape(-1, width)


def check(known: list[bytes], asked: list[bytes]) -> None:
    """Against the plain twin, which counts."""
    width = len(asked[0])
    table = in_order(known, width)
    queries = np.frombuffer(b"".join(asked), np.uint8).reshape(-1, width)
    first, behind = equal_rows(table, queries)
    for query, low, high in zip(asked, first.tolist(), behind.tolist(), strict=True):
        assert high - low == known.count(query)
        if high > low:
            assert sorted(known).index(query) == low


@settings(max_examples=200, deadline=None)
@given(st.data(), st.sampled_from([4, 16, 20, 32]))
def test_of_any_digests_all_equal_ones_are_found(data: st.DataObject, width: int) -> None:
    digest = st.binary(min_size=width, max_size=width) | st.sampled_from(
        [bytes(width), b"\xff" * width, b"\xff" * (width - 1) + b"\x00", b"\x80" + bytes(width - 1)]
    )
    known = data.draw(st.lists(digest, max_size=40))
    check(known, [*known, *data.draw(st.lists(digest, min_size=1, max_size=10))])


def test_digests_spread_evenly_and_those_all_at_one_end_are_found() -> None:
    chance = np.random.default_rng(1)
    even = [chance.bytes(32) for _ in range(3000)]
    check(even, [*even[::7], *(chance.bytes(32) for _ in range(50))])
    for beginning in (b"\x00\x00\x00", b"\xff\xff\xff", b"\x7f\xff\xff"):
        crowded = [beginning + chance.bytes(29) for _ in range(3000)]
        check([*crowded, *even[:5]], [*crowded[::7], *even[:9], bytes(32), b"\xff" * 32])
