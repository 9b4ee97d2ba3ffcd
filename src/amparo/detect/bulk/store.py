"""Finds of look-backs and how far these went, on record."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NewType
from uuid import UUID

from sqlalchemy import ColumnElement, Table, select, update
from sqlalchemy.engine import RowMapping

from amparo.core.ids import OrganisationId, new_id
from amparo.db import Work
from amparo.db.dialects import insert_new
from amparo.detect.bulk.hidden import Hidden
from amparo.detect.bulk.tables import FindRow, MarkRow

CatalogueId = NewType("CatalogueId", UUID)

_ROWS_AT_A_TIME = 500


@dataclass(frozen=True, slots=True, repr=False)
class Find:
    """A signal that an object of an archive matches, by its nearest hash.

    `key_bytes` is what the object is called where that is not UTF-8, and empty otherwise.
    Of a listed video also how much of each side matched, in percent, and where in each, in seconds
    of the first and the last frame; `seconds` and `last_seconds` are None of a still picture.
    """

    object: bytes
    source: str
    key: str
    list_number: int
    signal_number: int
    algorithm: str
    distance_bits: int
    variant: str
    frame: int
    seconds: float | None
    last_seconds: float | None = None
    listed_seconds: float | None = None
    listed_last_seconds: float | None = None
    query_percent: float | None = None
    listed_percent: float | None = None
    key_bytes: bytes = b""

    def __repr__(self) -> str:
        return f"Find({self.algorithm}, {self.distance_bits})"


@dataclass(frozen=True, slots=True)
class Mark:
    """A list was held, up to `revision`, against all of a catalogue up to `generation`.

    `hidden` says by what matches were hidden, where that is known.
    """

    revision: int = 0
    generation: int = 0
    hidden: Hidden | None = None


class Lookbacks:
    """An organisation's look-backs into one catalogue, as one unit of work sees them."""

    def __init__(self, work: Work, organisation: OrganisationId, catalogue: CatalogueId) -> None:
        self._work = work
        self._organisation = organisation
        self._catalogue = catalogue

    def marks(self) -> dict[int, Mark]:
        """How far each list was held against it, by list number."""
        rows = self._work.execute(select(MarkRow.__table__).where(*self._of(MarkRow))).mappings()
        return {row["list_number"]: _mark(row) for row in rows}

    def mark(self, marks: Mapping[int, Mark], now: datetime) -> None:
        """Remember how far these lists were held against it."""
        table = MarkRow.__table__
        assert isinstance(table, Table)
        for number, each in sorted(marks.items()):
            whose: dict[str, object] = {
                "organisation_id": self._organisation,
                "catalogue_id": self._catalogue,
                "list_number": number,
            }
            how_far: dict[str, object] = {
                "revision": each.revision, "generation": each.generation, "looked_at": now,
                "hidden": None if each.hidden is None else each.hidden.as_json(),
            }  # fmt: skip
            if not insert_new(self._work, table, [whose | how_far], "list_number"):
                changed = update(MarkRow).where(*self._of(MarkRow), MarkRow.list_number == number)
                self._work.execute(changed.values(**how_far))

    def add(self, finds: Sequence[Find], run: UUID, now: datetime) -> list[Find]:
        """Put finds on record; those that were not there yet."""
        new: list[Find] = []
        table = FindRow.__table__
        assert isinstance(table, Table)
        for first in range(0, len(finds), _ROWS_AT_A_TIME):
            rows = {new_id(): each for each in finds[first : first + _ROWS_AT_A_TIME]}
            values = [self._row(id_, each, run, now) for id_, each in rows.items()]
            added = insert_new(self._work, table, values, "id")
            new += [each for id_, each in rows.items() if id_ in added]
        return new

    def of_run(self, run: UUID) -> tuple[Find, ...]:
        """What a run was the first to find, in the order in which it did."""
        rows = self._work.execute(
            select(FindRow.__table__)
            .where(*self._of(FindRow), FindRow.run == run)
            .order_by(FindRow.id)
        )
        return tuple(map(_find, rows.mappings()))

    def _of(self, table: type[FindRow] | type[MarkRow]) -> tuple[ColumnElement[bool], ...]:
        return (
            table.organisation_id == self._organisation,
            table.catalogue_id == self._catalogue,
        )

    def _row(self, id_: UUID, each: Find, run: UUID, now: datetime) -> dict[str, object]:
        return {
            "id": id_,
            "organisation_id": self._organisation,
            "catalogue_id": self._catalogue,
            "object": each.object,
            "source": each.source,
            "key": each.key,
            "key_bytes": each.key_bytes or None,
            "list_number": each.list_number,
            "signal_number": each.signal_number,
            "algorithm": each.algorithm,
            "distance": each.distance_bits,
            "variant": each.variant,
            "frame": each.frame,
            "seconds": each.seconds,
            "last_seconds": each.last_seconds,
            "listed_seconds": each.listed_seconds,
            "listed_last_seconds": each.listed_last_seconds,
            "query_percent": each.query_percent,
            "listed_percent": each.listed_percent,
            "found_at": now,
            "run": run,
        }


def _mark(columns: RowMapping) -> Mark:
    hidden = columns["hidden"]
    return Mark(
        columns["revision"],
        columns["generation"],
        None if hidden is None else Hidden.of_json(hidden),
    )


def _find(columns: RowMapping) -> Find:
    return Find(
        columns["object"], columns["source"], columns["key"], columns["list_number"],
        columns["signal_number"], columns["algorithm"], columns["distance"], columns["variant"],
        columns["frame"], columns["seconds"], columns["last_seconds"], columns["listed_seconds"],
        columns["listed_last_seconds"], columns["query_percent"], columns["listed_percent"],
        columns["key_bytes"] or b"",
    )  # fmt: skip
