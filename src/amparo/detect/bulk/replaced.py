"""Which rows of a catalogue hold no more, since a later generation has the object too."""

from collections.abc import Sequence
from typing import Protocol

from amparo.detect.bulk.catalogue import Catalogue, was_read
from amparo.detect.bulk.parts import generation_of, has_replaced

_COLUMNS = ("source", "key", "key_bytes", "replaces", "problem_code")

_Object = tuple[str, str, str]
"""Source, key and the bytes of a key that is not UTF-8."""


class Placed(Protocol):
    """What was read of an object's row: of which generation, and whose."""

    @property
    def generation(self) -> int:
        """That of the part."""

    @property
    def source(self) -> str:
        """The archive."""

    @property
    def key(self) -> str:
        """The object below it."""

    @property
    def key_bytes(self) -> str:
        """The key's bytes in hexadecimal digits where it is not UTF-8."""


class Replaced:
    """Which objects have a row of a later generation."""

    def __init__(self, catalogue: Catalogue, parts: Sequence[str], *, by_unread: bool) -> None:
        """Reads the parts whose names say that they have such.

        Not `by_unread`, one that could not be read for a while is as it was when it was read last.
        Raises DamagedPart.
        """
        self._latest: dict[_Object, int] = {}
        which = [part for part in parts if has_replaced(part)]
        for part, table in catalogue.tables(which, _COLUMNS):
            for row in table.to_pylist():
                if row["replaces"] and (by_unread or was_read(row["problem_code"])):
                    key = (row["source"], row["key"], (row["key_bytes"] or b"").hex())
                    self._latest[key] = max(self._latest.get(key, 0), generation_of(part))

    def has(self, row: Placed) -> bool:
        """Whether there is a later state of the object."""
        key = (row.source, row.key, row.key_bytes)
        return self._latest.get(key, 0) > row.generation
