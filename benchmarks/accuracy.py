"""Which altered copies a look-up finds, against the look-ups of threatexchange, both at 31 bits."""

from collections import Counter
from io import BytesIO

import numpy as np
from PIL import Image
from threatexchange.signal_type.pdq.pdq_hasher import pdq_from_bytes
from threatexchange.signal_type.pdq.pdq_index import PDQFlatIndex

from amparo.detect.hashing.hash_media import hash_media
from amparo.detect.hashing.model import USABLE_QUALITY
from amparo.detect.hashing.warm_up import warm_up
from amparo.detect.index import NearTable, as_words
from amparo.detect.media.model import Limits
from amparo.programs.demo.photographs import KNOWN, UNRELATED
from benchmarks.edits import edits
from benchmarks.figures import Figure
from benchmarks.known_hashes import rows_of

RADIUS_BITS = 31
PEER = "threatexchange"
FALSE = "unrelated pairs taken for copies"
PAIRS = "unrelated pairs"


class _At31(PDQFlatIndex):  # type: ignore[misc]  # its package has no types
    """Its own index, at our threshold."""

    @classmethod
    def get_match_threshold(cls) -> int:
        return RADIUS_BITS


def measure(size: int = 100) -> list[Figure]:
    """Share of copies found, in percent, by edit; `size` in % of all photographs."""
    warm_up()
    photographs = [each.open() for each in (*KNOWN, *UNRELATED)]
    photographs = photographs[: max(2, len(photographs) * size // 100)]
    originals = [_png(each) for each in photographs]
    known = NearTable.of(rows_of(as_words(b"".join(_hash(each) for each in originals))))
    theirs = _At31([(pdq_from_bytes(each)[0], number) for number, each in enumerate(originals)])
    figures = []
    false: Counter[str] = Counter()
    for edit in edits():
        found: Counter[str] = Counter()
        for number, photograph in enumerate(photographs):
            data = edit.file(photograph)
            for who, hits in (("ours", _ours(data, known)), (PEER, _theirs(data, theirs))):
                found[who] += number in hits
                false[who] += len(hits - {number})
        shares = [100 * found[who] / len(photographs) for who in ("ours", PEER)]
        figures.append(_figure(edit.name, "%", *shares))
    pairs = len(list(edits())) * len(photographs) * (len(photographs) - 1)
    figures.append(_figure(FALSE, "", false["ours"], false[PEER]))
    return [*figures, _figure(PAIRS, "", pairs, pairs)]


def _ours(data: bytes, known: NearTable) -> set[int]:
    [picture] = hash_media(data, Limits(), with_variants=True).pictures
    asked = [one.value for one in picture.variants if one.quality >= USABLE_QUALITY]
    if not asked:
        return set()
    return set(known.search(as_words(b"".join(asked)), RADIUS_BITS).signals.tolist())


def _theirs(data: bytes, known: PDQFlatIndex) -> set[int]:
    value, quality = pdq_from_bytes(data)
    if quality < USABLE_QUALITY:
        return set()
    return {match.metadata for match in known.query(value)}


def _hash(data: bytes) -> bytes:
    return hash_media(data, Limits()).pictures[0].value


def _png(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _figure(name: str, unit: str, ours: float, peer: float) -> Figure:
    return Figure(name, unit, ours, peer, PEER, peer / ours if ours else float(np.sign(peer)))
