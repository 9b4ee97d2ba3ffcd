"""PDQ, Meta's perceptual hash: pixels come in, 256 bits and a quality go out."""

from amparo.kernels.pdq.dihedral import Turn, dihedral
from amparo.kernels.pdq.hash_pixels import (
    PdqHash,
    Region,
    oriented,
    pdq,
    pdq_scaled,
    undecided_bits,
)

__all__ = [
    "PdqHash",
    "Region",
    "Turn",
    "dihedral",
    "oriented",
    "pdq",
    "pdq_scaled",
    "undecided_bits",
]
