"""Hashes at wanted distances, tables of them, and what plain counting of bits finds."""

import numpy as np

from amparo.kernels.hamming import (
    BUCKETS,
    CHUNKS,
    near_rows,
    near_rows_by_ring,
    near_rows_of_many,
    ring_table,
    sketches_a_chunk,
)

ANY = np.zeros(1, np.int16)


def random_hashes(chance: np.random.Generator, count: int) -> np.ndarray:
    return chance.integers(0, 2**64, (count, 4), dtype=np.uint64)


def near(chance: np.random.Generator, value: np.ndarray, bits: int) -> np.ndarray:
    """`value` uint64[4] with exactly `bits` bits changed."""
    flips = np.zeros(256, np.uint8)
    flips[chance.choice(256, bits, replace=False)] = 1
    return value ^ np.packbits(flips).view(np.uint64)


def spread(value: np.ndarray, bits_by_chunk: list[int], chance: np.random.Generator) -> np.ndarray:
    """`value` uint64[4] with so many bits changed in each of its 16 chunks."""
    chunks = value.copy().view(np.uint16)
    for chunk, bits in enumerate(bits_by_chunk):
        for bit in chance.choice(16, bits, replace=False):
            chunks[chunk] ^= np.uint16(1 << int(bit))
    return chunks.view(np.uint64)


class Known:
    """Hashes with everything that the kernels take, and what they find."""

    def __init__(
        self,
        hashes: np.ndarray,
        lists: np.ndarray | None = None,
        gone: np.ndarray | None = None,
    ) -> None:
        count = len(hashes)
        self.hashes = np.ascontiguousarray(hashes, np.uint64)
        self.lists = np.zeros(count, np.uint32) if lists is None else lists
        self.gone = np.zeros((count + 7) // 8, np.uint8) if gone is None else gone
        self.offsets = np.zeros((CHUNKS, BUCKETS + 1), np.uint32)
        sketches = np.zeros((CHUNKS, sketches_a_chunk(count)), np.uint16)
        rows = np.zeros((CHUNKS, count), np.uint32)
        for chunk in range(CHUNKS):
            ring_table(self.hashes, chunk, self.offsets[chunk], sketches[chunk], rows[chunk])
        self.sketches, self.rows = sketches.reshape(-1), rows.reshape(-1)

    def by_ring(self, query: np.ndarray, radii: np.ndarray) -> list[tuple[int, int]] | None:
        """None where comparing all is faster."""
        rows, distances, was_faster = near_rows_by_ring(
            query, self.hashes, self.lists, self.gone, radii,
            self.offsets, self.sketches, self.rows,
        )  # fmt: skip
        if not was_faster:
            assert len(rows) == len(distances) == 0
            return None
        return sorted(zip(rows.tolist(), distances.tolist(), strict=True))

    def of_many(
        self, queries: np.ndarray, radii: np.ndarray
    ) -> tuple[list[tuple[int, int, int]], list[int]]:
        """What was found, and which queries were left out."""
        *found, left = near_rows_of_many(
            queries, self.hashes, self.lists, self.gone, radii,
            self.offsets, self.sketches, self.rows,
        )  # fmt: skip
        return sorted(zip(*(each.tolist() for each in found), strict=True)), left.tolist()

    def by_comparing(self, queries: np.ndarray, radii: np.ndarray) -> list[tuple[int, int, int]]:
        found = near_rows(queries, self.hashes, self.lists, self.gone, radii)
        return sorted(zip(*(each.tolist() for each in found), strict=True))

    def counted(self, queries: np.ndarray, radii: np.ndarray) -> list[tuple[int, int, int]]:
        """The truth."""
        distances = np.bitwise_count(queries[:, None] ^ self.hashes[None]).sum(axis=2).astype(int)
        allowed = np.where(self.lists < len(radii), radii[self.lists % len(radii)], -1)
        there = np.unpackbits(self.gone, bitorder="little")[: len(self.hashes)] == 0
        hits = (distances <= allowed) & there
        return [
            (int(query), int(row), int(distances[query, row]))
            for query, row in zip(*np.nonzero(hits), strict=True)
        ]
