"""Hamming distances between hashes of 256 bits: one with many, and many with very many.

Everywhere here `hashes` are uint64[N, 4]; `lists` uint32[N] is the list number of each row; `gone`
uint8[⌈N / 8⌉] has a bit set, counted from the lowest, for each row that was withdrawn; and
`radii` int16[L] is the radius that holds for each list, negative for those that are not asked.
"""

from amparo.kernels.hamming.brute import near_rows
from amparo.kernels.hamming.many import near_rows_of_many
from amparo.kernels.hamming.ring import near_rows_by_ring
from amparo.kernels.hamming.some import any_near
from amparo.kernels.hamming.tables import BUCKETS, CHUNKS, ring_table, sketches_a_chunk

__all__ = [
    "BUCKETS",
    "CHUNKS",
    "any_near",
    "near_rows",
    "near_rows_by_ring",
    "near_rows_of_many",
    "ring_table",
    "sketches_a_chunk",
]
