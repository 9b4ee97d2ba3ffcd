"""A damaged index is refused by the name of the file, never read on a guess."""

from pathlib import Path

import numpy as np
import pytest

from amparo.core.errors import AmparoError, NotFound, Unavailable
from amparo.detect.index import Damaged, IndexReader, IndexWriter
from amparo.detect.index.near import SHORTEST_RING_ROWS
from tests.detect.index.rows import changed, random_rows

KNOWN = random_rows(1, SHORTEST_RING_ROWS)


@pytest.fixture
def index(tmp_path: Path) -> Path:
    with IndexWriter(tmp_path, compact_rows=10**9) as writer:
        writer.load({"pdq": KNOWN, "md5": random_rows(2, 500, width=16)})
        writer.change(withdrawn=KNOWN.signals[:5])
        writer.compact()
        writer.change({"pdq": random_rows(3, 3, first=10**6)}, KNOWN.signals[7:9])
    return tmp_path


def flipped(path: Path, place: int, mask: int = 0x20) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ mask]))


def test_every_byte_of_the_manifest(index: Path) -> None:
    manifest = index / "manifest"
    for place in range(manifest.stat().st_size):
        flipped(manifest, place, 1 << place % 8)
        with pytest.raises(Damaged, match="manifest"):
            IndexReader(index, verify=False)
        flipped(manifest, place, 1 << place % 8)
    assert len(IndexReader(index).near(changed(KNOWN.values[100], 31), 31)) == 1


@pytest.mark.parametrize("samples", [150, pytest.param(2000, marks=pytest.mark.slow)])
def test_bytes_of_a_segment(index: Path, samples: int) -> None:
    chance = np.random.default_rng(samples)
    files = sorted(path for path in index.glob("segment-*/*") if path.stat().st_size)
    for _ in range(samples):
        file = files[chance.integers(len(files))]
        place = int(chance.integers(file.stat().st_size))
        flipped(file, place)
        with pytest.raises(Damaged, match=file.name):
            IndexReader(index)
        flipped(file, place)
    IndexReader(index)


def test_every_byte_of_a_journal_and_of_what_is_gone(index: Path) -> None:
    journal = max(index.glob("journal-*"))
    for file in (journal, *index.glob("gone-*")):
        for place in range(file.stat().st_size):
            flipped(file, place)
            with pytest.raises(Damaged, match=file.name):
                IndexReader(index, verify=False)
            flipped(file, place)
    assert len(IndexReader(index).near(changed(KNOWN.values[7], 1), 31)) == 0


def test_damage_after_verification_never_reads_outside(index: Path) -> None:
    reader = IndexReader(index)
    chance = np.random.default_rng(8)
    for name in ("pdq-offsets.npy", "pdq-rows.npy", "pdq-sketches.npy"):
        (file,) = index.glob(f"segment-*/{name}")
        for place in chance.integers(128, file.stat().st_size, 3000):
            flipped(file, int(place), int(chance.integers(1, 256)))
    for row in range(50, 90):
        hits = reader.near(changed(KNOWN.values[row], 20), 31)
        assert set(hits.signals.tolist()) <= {row}


def test_a_longer_shorter_or_missing_file(index: Path) -> None:
    (file,) = index.glob("segment-*/pdq-lists.npy")
    whole = file.read_bytes()
    for content in (whole[:-1], whole + b"\0", b""):
        file.write_bytes(content)
        with pytest.raises(Damaged, match=r"pdq-lists\.npy is not the array"):
            IndexReader(index, verify=False)
    file.unlink()
    with pytest.raises(Unavailable, match=r"lacks .*pdq-lists\.npy"):
        IndexReader(index)
    with pytest.raises(Unavailable, match=r"lacks .*pdq-lists\.npy"):
        IndexWriter(index)


def test_a_folder_in_the_place_of_a_file(index: Path) -> None:
    for name in ("pdq-rows.npy", "manifest", "journal-"):
        (file,) = sorted(index.rglob(f"{name}*"))[-1:]
        whole = file.read_bytes()
        file.unlink()
        file.mkdir()
        with pytest.raises(Damaged, match=rf"{name}.* cannot be read \(Is a directory\)"):
            IndexReader(index)
        file.rmdir()
        file.write_bytes(whole)
    IndexReader(index)


def test_a_reader_goes_on_when_damage_was_mended(index: Path) -> None:
    reader = IndexReader(index)
    journal = max(index.glob("journal-*"))
    with IndexWriter(index, compact_rows=10**9) as writer:
        place = journal.stat().st_size + 80
        writer.change({"pdq": random_rows(9, 3, first=10**7)})
    flipped(journal, place)
    for _ in range(2):
        with pytest.raises(Damaged, match=journal.name):
            reader.near(changed(KNOWN.values[9], 0), 31)
    flipped(journal, place)
    assert len(reader.near(changed(random_rows(9, 3).values[1], 0), 31)) == 1


def test_a_record_that_did_not_become_whole_is_cut_off(index: Path) -> None:
    journal = max(index.glob("journal-*"))
    whole = journal.read_bytes()
    for torn in (whole[:30], whole[:100], whole + whole[:-1], whole + bytes(500)):
        journal.write_bytes(torn)
        reader = IndexReader(index)
        kept = len(torn) >= len(whole)
        assert len(reader.near(changed(KNOWN.values[7], 1), 31)) == (not kept)
        with IndexWriter(index, compact_rows=10**9) as writer:
            writer.change(withdrawn=KNOWN.signals[50:51])
        assert len(reader.near(changed(KNOWN.values[50], 1), 31)) == 0
        assert len(IndexReader(index).near(changed(KNOWN.values[7], 1), 31)) == (not kept)


def test_a_lost_change_is_noticed(index: Path) -> None:
    journal = max(index.glob("journal-*"))
    first_bytes = journal.stat().st_size
    with IndexWriter(index, compact_rows=10**9) as writer:
        writer.change(withdrawn=KNOWN.signals[60:61])
    journal.write_bytes(journal.read_bytes()[first_bytes:])
    with pytest.raises(Damaged, match="some were lost"):
        IndexReader(index)


def test_no_index_and_a_foreign_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no index"):
        IndexReader(tmp_path)
    (tmp_path / "manifest").write_bytes(b"amparo index 2 sha256 " + b"0" * 64 + b"\n{}")
    with pytest.raises(Damaged, match="format 2; this Amparo reads format 1"):
        IndexReader(tmp_path)
    (tmp_path / "manifest").write_bytes(b"something else")
    with pytest.raises(AmparoError, match="does not begin as"):
        IndexWriter(tmp_path)
