"""Which objects of a catalogue had a problem: part by part, by those columns alone."""

from collections.abc import Iterator
from dataclasses import dataclass

from amparo.detect.bulk.catalogue import Catalogue
from amparo.detect.bulk.parts import generation_of
from amparo.detect.bulk.replaced import Replaced

_COLUMNS = ("source", "key", "key_bytes", "problem_code", "problem")


@dataclass(frozen=True, slots=True, repr=False)
class ObjectProblem:
    """What was wrong with an object when it was scanned last.

    `key_bytes` are hexadecimal digits, of a key that is not UTF-8 and empty otherwise.
    """

    generation: int
    source: str
    key: str
    key_bytes: str
    code: str
    message: str

    def __repr__(self) -> str:
        return f"ObjectProblem({self.code})"


def problems_in(catalogue: Catalogue) -> Iterator[ObjectProblem]:
    """Those that hold still: of each object its latest row. Raises DamagedPart, Unavailable."""
    import pyarrow.compute as pc  # type: ignore[import-untyped]

    parts = catalogue.parts()
    replaced = Replaced(catalogue, parts, by_unread=True)
    for part, table in catalogue.tables(parts, _COLUMNS):
        for row in table.filter(pc.is_valid(table["problem_code"])).to_pylist():
            found = ObjectProblem(
                generation=generation_of(part),
                source=row["source"],
                key=row["key"],
                key_bytes=(row["key_bytes"] or b"").hex(),
                code=row["problem_code"],
                message=row["problem"],
            )
            if not replaced.has(found):
                yield found
