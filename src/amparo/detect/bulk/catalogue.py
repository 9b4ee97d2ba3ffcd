"""A catalogue: Parquet files of rows, one a part, to which parts are only ever added.

    catalogue.json                    what it is, and its id
    parts/GENERATION-NUMBER-RUN-DIGEST.parquet
    parts/GENERATION-NUMBER-RUN-DIGEST-replaces.parquet

Each run of a scan has the next generation. A part is whole or not there; where two have a row of
the same object, that of the later generation holds, and its part's name says that there is such.
The digest is of the part's bytes.
"""

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from io import BytesIO
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from amparo.core.errors import Conflict, Invalid, NotFound, Unavailable
from amparo.core.ids import new_id
from amparo.core.problems import ProblemCode
from amparo.detect.bulk.model import Fingerprint
from amparo.detect.bulk.parts import (
    PARTS,
    generation_of,
    has_digest,
    is_ours,
    is_whole,
    with_digest,
)
from amparo.detect.bulk.place import Place
from amparo.detect.bulk.rows import FORMAT, columns_of, known_columns_of, schema

_ABOUT = "catalogue.json"
_DAMAGED = "damaged"
_READERS = 8
_NOT_READ = "file."
"""How the codes of problems begin that say nothing of an object's bytes: they were not read."""

_WITHOUT_THE_EXTRA = ProblemCode.MEDIA_VIDEO_MISSING.value
"""Nor has a run this one where what decodes videos was installed meanwhile."""


class DamagedPart(Unavailable):
    """A part of a catalogue is not as it was written."""

    code = "bulk.damaged"


STORAGE = "storage"
"""What an archive is of unless somebody says otherwise."""


class Catalogue:
    """The catalogue at a place."""

    def __init__(
        self,
        place: Place,
        id: UUID,  # noqa: A002 (what it is called)
        surface: str = STORAGE,
    ) -> None:
        """`surface` is what the archive is of, which the law may tell apart."""
        self.place = place
        self.id = id
        self.surface = surface

    @classmethod
    def open(cls, place: Place) -> "Catalogue":
        """One that is there. Raises NotFound, Invalid where it is none of ours."""
        try:
            about = json.loads(place.read(_ABOUT))
            if about["format"] != FORMAT:
                raise Conflict(
                    f"The catalogue {place.url} has format {about['format']}; this version of "
                    f"Amparo reads {FORMAT}."
                )
            return cls(place, UUID(about["id"]), str(about.get("surface", STORAGE)))
        except NotFound as error:
            raise NotFound(
                f"There is no catalogue in {place.url}: `amparo bulk scan SOURCE --to` makes one."
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise Invalid(f"{_ABOUT} in {place.url} is not the description of a catalogue.") from (
                error
            )

    @classmethod
    def made(cls, place: Place, now: datetime, surface: str = STORAGE) -> "Catalogue":
        """One that is there, or a new one. Raises Conflict where it is of another surface."""
        about = {
            "format": FORMAT, "id": str(new_id()), "made_at": now.isoformat(), "surface": surface,
        }  # fmt: skip
        try:
            found = cls.open(place)
        except NotFound:
            place.create(_ABOUT, json.dumps(about).encode())
            found = cls.open(place)
        if found.surface != surface:
            raise Conflict(
                f"The catalogue {place.url} is of the surface {found.surface!r}; scan what is of "
                f"{surface!r} into another."
            )
        return found

    def parts(self) -> list[str]:
        """The names of all parts, the oldest generation first."""
        return list(self.sizes())

    def sizes(self) -> dict[str, int]:
        """How many bytes each part has, in the same order. Raises Invalid where one is not ours."""
        found = dict(sorted(self.place.files(PARTS)))
        for part in found:
            if not is_ours(part):
                raise Invalid(
                    f"{part} in {self.place.url} is no part of a catalogue; move it away."
                )
        return found

    def next_generation(self) -> int:
        """That no part has had, nor one that was put aside: look-backs remember generations."""
        aside = [name for name, _ in self.place.files(_DAMAGED) if is_ours(name)]
        return 1 + max(map(generation_of, [*self.parts(), *aside]), default=0)

    def publish(self, part: str, data: bytes) -> str:
        """Add a part; it lasts when this returns. The name that it has from then on."""
        name = with_digest(part, data)
        self.place.put(name, data)
        return name

    def table(self, part: str, columns: Sequence[str]) -> Any:
        """Some columns of a part, all of which is verified. Raises DamagedPart."""
        data = self.place.read(part)
        with self._told(part):
            if not is_whole(part, data):
                raise ValueError("its digest is another")
            return columns_of(BytesIO(data), columns)

    def _known(self, part: str) -> Any:
        """What a scan asks of a part, whatever else is in it. Raises DamagedPart."""
        with self.place.open(part) as file, self._told(part):
            return known_columns_of(file, has_digest=has_digest(part))

    @contextmanager
    def _told(self, part: str) -> Iterator[None]:
        """Whatever Arrow makes of bytes that are not as they were written, by the part's name."""
        import pyarrow as pa  # type: ignore[import-untyped]

        try:
            yield
        except (pa.ArrowException, OSError, ValueError, LookupError, TypeError) as error:
            raise DamagedPart(
                f"{part} in {self.place.url} is cut short or damaged. `amparo bulk scan SOURCE "
                f"--to {self.place.url} --repair` moves it aside and hashes anew what it held."
            ) from error

    def tables(self, parts: Iterable[str], columns: Sequence[str]) -> Iterator[tuple[str, Any]]:
        """Some columns of many parts, a few of which are read ahead."""
        yield from _ahead(parts, lambda part: (part, self.table(part, columns)))

    def put_aside(self) -> list[str]:
        """Move what is damaged out of the way, so that a scan hashes it anew; what was moved."""
        moved = []
        for part in self.parts():
            try:
                self.table(part, schema().names)
            except DamagedPart:
                self.place.move(part, f"{_DAMAGED}/{part.rpartition('/')[2]}")
                moved.append(part)
        return moved

    def known(self) -> "Known":
        """What is in it. Raises DamagedPart."""
        keys, versions, again = [np.empty(0, np.uint64)], [np.empty(0, np.uint64)], [_NO_FLAGS]
        for table in _ahead(self.parts(), self._known):
            keys.append(table.column("key_hash").to_numpy())
            versions.append(table.column("version_hash").to_numpy())
            codes = table.column("problem_code").to_pylist()
            again.append(np.array([_is_tried_again(code) for code in codes], np.bool_))
        return Known(np.concatenate(keys), np.concatenate(versions), np.concatenate(again))


_NO_FLAGS = np.empty(0, np.bool_)


def was_read(code: str | None) -> bool:
    """Whether the row of an object tells of its bytes, by the code of its problem."""
    return code is None or not code.startswith(_NOT_READ)


def _is_tried_again(code: str | None) -> bool:
    return not was_read(code) or code == _WITHOUT_THE_EXTRA


class Known:
    """The latest row of each object, in which state that has it; 17 bytes each."""

    def __init__(
        self, keys: NDArray[np.uint64], versions: NDArray[np.uint64], again: NDArray[np.bool_]
    ) -> None:
        """Rows in the order of their generations; `again` could not be read, and are tried again.

        An earlier row says nothing: what it tells of was another state in between, or away.
        """
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        is_last = np.ones(len(keys), np.bool_)
        is_last[:-1] = keys[1:] != keys[:-1]
        if not is_last.all():  # a copy of all of it less where nothing was replaced
            order, keys = order[is_last], keys[is_last]
        self._keys, self._versions, self._again = keys, versions[order], again[order]

    def __len__(self) -> int:
        return len(self._keys)

    def has(self, asked: Sequence[Fingerprint]) -> list[tuple[bool, bool]]:
        """Of each: whether it is finished in this state, and whether it is there in any."""
        if not len(self):
            return [(False, False)] * len(asked)
        keys = np.array([each.key for each in asked], np.uint64)
        versions = np.array([each.version for each in asked], np.uint64)
        rows = np.minimum(np.searchsorted(self._keys, keys), len(self) - 1)
        is_there = self._keys[rows] == keys
        is_finished = is_there & (self._versions[rows] == versions) & ~self._again[rows]
        return list(zip(is_finished.tolist(), is_there.tolist(), strict=True))


def _ahead(parts: Iterable[str], read: Callable[[str], Any]) -> Iterator[Any]:
    """What `read` gives for each, in order, with a few of them in memory."""
    waiting: deque[Any] = deque()
    with ThreadPoolExecutor(_READERS) as threads:
        for part in parts:
            waiting.append(threads.submit(read, part))
            if len(waiting) > _READERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
