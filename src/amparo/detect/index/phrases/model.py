"""Phrases and their automaton, in arrays; and what is found."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from amparo.core.errors import Invalid
from amparo.kernels.automaton import Automaton as Tables
from amparo.kernels.automaton import build, count_nodes, link_phrases

DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class Find:
    """A phrase in a text, from its first code until before `behind`."""

    first: int
    behind: int
    digest: bytes


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Phrases:
    """Phrases in ascending order and each once: `codes` uint32[M], one behind the other.

    `ends` int64[P] is where each ends; `digests` uint8[P, 32] by what each is known.
    """

    codes: NDArray[np.uint32]
    ends: NDArray[np.int64]
    digests: NDArray[np.uint8]

    @classmethod
    def of(cls, known: Iterable[tuple[NDArray[np.uint32], bytes]]) -> Self:
        """These; of the same codes the first. Raises Invalid where one has none."""
        pairs = list(known)
        if any(not len(codes) or len(digest) != DIGEST_BYTES for codes, digest in pairs):
            raise Invalid(f"A phrase has letters, and a digest of {DIGEST_BYTES} bytes.")
        return cls.joined(
            [
                cls(
                    np.concatenate([np.empty(0, np.uint32), *(codes for codes, _ in pairs)]),
                    np.cumsum([len(codes) for codes, _ in pairs], dtype=np.int64),
                    np.frombuffer(b"".join(digest for _, digest in pairs), np.uint8).reshape(
                        -1, DIGEST_BYTES
                    ),
                )
            ]
        )

    @classmethod
    def joined(cls, parts: Sequence["Phrases"]) -> Self:
        """All of the parts, in whatever order; of the same codes those of the first."""
        by_text: dict[bytes, bytes] = {}
        for part in parts:
            whole = part.codes.astype(">u4").tobytes()
            begin = 0
            for end, digest in zip((part.ends * 4).tolist(), part.digests, strict=True):
                by_text.setdefault(whole[begin:end], digest.tobytes())
                begin = end
        return cls._sorted(by_text)

    @classmethod
    def _sorted(cls, by_text: dict[bytes, bytes]) -> Self:
        texts = sorted(by_text)  # most significant byte first, so that codes are in order
        lengths = np.fromiter((len(text) // 4 for text in texts), np.int64, len(texts))
        digests = b"".join(by_text[text] for text in texts)
        return cls(
            np.frombuffer(b"".join(texts), ">u4").astype(np.uint32),
            np.cumsum(lengths),
            np.frombuffer(digests, np.uint8).reshape(-1, DIGEST_BYTES),
        )

    def __len__(self) -> int:
        return len(self.ends)

    def only(self, rows: NDArray[np.bool_]) -> "Phrases":
        """Those of which `rows` bool[P] says so."""
        if rows.all():
            return self
        lengths = np.diff(self.ends, prepend=0)
        return Phrases(
            self.codes[np.repeat(rows, lengths)], np.cumsum(lengths[rows]), self.digests[rows]
        )


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Automaton:
    """Phrases made ready to be found; see `amparo.kernels.automaton` for the arrays."""

    phrases: Phrases
    first: NDArray[np.uint32]
    labels: NDArray[np.uint32]
    fails: NDArray[np.uint32]
    terminals: NDArray[np.uint32]
    links: NDArray[np.uint32]

    @classmethod
    def of(cls, phrases: Phrases) -> Self:
        """Build it."""
        nodes = count_nodes(phrases.codes, phrases.ends)
        first, labels, fails, terminals = build(phrases.codes, phrases.ends, nodes)
        return cls(phrases, first, labels, fails, terminals, link_phrases(fails, terminals))

    @property
    def tables(self) -> Tables:
        """As the kernel takes them."""
        return self.first, self.labels, self.fails, self.terminals, self.links
