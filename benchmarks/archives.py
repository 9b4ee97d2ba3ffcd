"""Archives and catalogues for benchmarks: a folder of photographs, and rows of drawn hashes."""

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa

from amparo.access.keys import create_organisation
from amparo.access.model import Actor, Scope
from amparo.app.change_lists import create_list, import_into
from amparo.core.clock import SystemClock
from amparo.core.settings import settings
from amparo.db import Database
from amparo.db.migrate import upgrade
from amparo.detect.bulk.catalogue import Catalogue
from amparo.detect.bulk.model import Item, fingerprint
from amparo.detect.bulk.parts import PartName
from amparo.detect.bulk.place import FolderPlace
from amparo.detect.bulk.rows import Row, bytes_of, part_of, schema
from amparo.detect.hashing.digests import digest
from amparo.detect.hashing.model import MediaHashes, PictureHash, Variant
from amparo.detect.lists.model import ListKind, NewList
from amparo.detect.media.model import Kind
from amparo.kernels.pdq import Turn
from amparo.testing.clips import film
from benchmarks.pictures import enlarged
from benchmarks.servers import signals_of
from benchmarks.video import A_SECOND, walk

WIDTH, HEIGHT = 1024, 768
PICTURES = 16
ROWS_A_PART = 50_000


def filled_folder(folder: Path, count: int) -> Path:
    """So many files, of some photographs in turn."""
    folder.mkdir()
    pictures = enlarged(WIDTH, HEIGHT, PICTURES)
    for number in range(count):
        (folder / f"{number:06}.jpg").write_bytes(pictures[number % len(pictures)])
    return folder


def folder_of_films(folder: Path, count: int) -> Path:
    """So many times a clip, each a file of its own."""
    folder.mkdir()
    clip = film(walk(1280, 720), a_second=A_SECOND)
    for number in range(count):
        (folder / f"{number:06}.mp4").write_bytes(clip)
    return folder


def bytes_an_object(objects: int = 2000) -> tuple[float, float]:
    """In a catalogue: of a photograph with its eight variants, and with its own hash alone."""
    return _bytes(objects, list(Turn)), _bytes(objects, [Turn.ORIGINAL])


def _bytes(objects: int, turns: list[Turn]) -> float:
    chance = np.random.default_rng(7)
    rows = [_photograph(number, turns, chance) for number in range(objects)]
    return len(part_of(rows, "s3://archive", "amparo")) / objects


def _photograph(number: int, turns: list[Turn], chance: np.random.Generator) -> Row:
    now = SystemClock().now()
    variants = tuple(Variant(turn.value, chance.bytes(32), 100) for turn in turns)
    picture = PictureHash(0, variants[0].value, 100, variants)
    item = Item(f"2019/05/{number:08}.jpg", 200_000 + number, chance.bytes(16).hex(), now)
    hashes = MediaHashes(Kind.JPEG, item.size_bytes, digest(chance.bytes(16)), (picture,))
    return Row(item, fingerprint("s3://a", item), hashes, None, now)


def big_catalogue(folder: Path, hashes: int) -> Path:
    """A catalogue of so many objects with a hash each, drawn at random."""
    catalogue = Catalogue.made(FolderPlace(folder), SystemClock().now())
    (folder / "scan.lock").touch()
    chance = np.random.default_rng(5)
    for number, first in enumerate(range(0, hashes, ROWS_A_PART), 1):
        count = min(ROWS_A_PART, hashes - first)
        data = bytes_of(_drawn(first, count, chance))
        catalogue.publish(str(PartName(1, number, "drawn")), data)
    return folder


def _drawn(first: int, count: int, chance: np.random.Generator) -> pa.Table:
    values = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(32), count, [None, pa.py_buffer(chance.bytes(32 * count))]
    )
    columns = {
        "source": ["s3://archive"] * count,
        "key": [f"{first + row:012}.jpg" for row in range(count)],
        "md5": _digests(count, 16, chance),
        "sha1": _digests(count, 20, chance),
        "sha256": _digests(count, 32, chance),
        "key_hash": chance.integers(0, 2**63, count).astype(np.uint64),
        "version_hash": chance.integers(0, 2**63, count).astype(np.uint64),
        "replaces": np.zeros(count, np.bool_),
        "pdq": _lists(schema().field("pdq").type, values, count),
    }
    arrays = [
        pa.array(columns[field.name], field.type)
        if field.name in columns and not isinstance(columns[field.name], pa.Array)
        else columns.get(field.name, pa.nulls(count, field.type))
        for field in schema()
    ]
    return pa.Table.from_arrays(arrays, schema=schema())


def _digests(count: int, width: int, chance: np.random.Generator) -> pa.Array:
    data = pa.py_buffer(chance.bytes(width * count))
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), count, [None, data])


def _lists(kind: pa.DataType, values: pa.Array, count: int) -> pa.Array:
    names = pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int16)), ["original"])
    by_name = {
        "frame": pa.array(np.zeros(count, np.int32)),
        "seconds": pa.nulls(count, pa.float64()),
        "variant": names,
        "quality": pa.array(np.full(count, 100, np.uint8)),
        "value": values,
    }
    fields = list(kind.value_type)
    found = pa.StructArray.from_arrays([by_name[field.name] for field in fields], fields=fields)
    offsets = pa.array(np.arange(count + 1, dtype=np.int32))
    return pa.ListArray.from_arrays(offsets, found, type=kind)


def listed(home: Path, signals: int) -> Path:
    """A home whose database has a list of so many signals, drawn at random."""
    home.mkdir()
    shutil.copytree(settings().home / "kernels", home / "kernels")
    clock = SystemClock()
    drawn = np.random.default_rng(6).integers(0, 256, (signals, 32), np.uint8)
    with Database(f"sqlite:///{home / 'amparo.db'}") as database:
        upgrade(database)
        with database.work() as work:
            organisation = create_organisation(work, "a platform", clock.now())
        actor = Actor(organisation, "benchmark", frozenset(Scope))
        create_list(database, NewList("known", ListKind.CONFIRMED), actor, clock)
        import_into(database, "known", signals_of(drawn), actor, clock)
    return home
