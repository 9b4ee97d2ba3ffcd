"""PDQ, Meta's perceptual hash: pixels come in, 256 bits and a quality go out."""

from amparo.kernels.pdq.dihedral import Turn, dihedral, turned, turned_scaled
from amparo.kernels.pdq.hash_pixels import (
    PdqHash,
    pdq,
    pdq_scaled,
    undecided_bits,
)
from amparo.kernels.pdq.samples import Region, oriented

__all__ = [
    "PdqHash",
    "Region",
    "Turn",
    "dihedral",
    "oriented",
    "pdq",
    "pdq_scaled",
    "turned",
    "turned_scaled",
    "undecided_bits",
]
