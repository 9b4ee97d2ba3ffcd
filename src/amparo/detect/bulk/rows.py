"""The rows of a catalogue, and how they stand in a Parquet file: one file a part."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from io import BytesIO
from typing import Any, BinaryIO

from amparo.core.problems import Problem
from amparo.detect.bulk.model import Fingerprint, Item
from amparo.detect.hashing.model import MediaHashes, PictureHash, Variant

FORMAT = 1
"""Counts up when a row gets a shape that an older Amparo would misread."""

_OFTEN_THE_SAME = [
    "source", "media_type", "problem_code", "problem", "engine", "pdq.list.element.variant",
    "pdq.list.element.frame", "pdq.list.element.quality", "others.list.element.algorithm",
]  # fmt: skip
"""Columns that are written by number; no hash is twice in a part."""


_KNOWN = ("key_hash", "version_hash", "problem_code")
"""What a scan asks of every part: it reads no other columns, and so not the whole of it."""

_KNOWN_DIGEST = b"amparo.known"


@dataclass(frozen=True, slots=True, repr=False)
class Row:
    """What became of one object: its hashes, or the problem why there are none, or fewer."""

    item: Item
    fingerprint: Fingerprint
    hashes: MediaHashes | None
    problem: Problem | None
    hashed_at: datetime

    @property
    def hash_count(self) -> int:
        """How many near hashes it holds, variants and all."""
        if self.hashes is None:
            return 0
        return sum(len(_variants(picture)) for picture in self.hashes.pictures)


@cache
def schema() -> Any:
    """The columns, in Arrow's words; docs/decisions/0015 tells what each holds."""
    import pyarrow as pa  # type: ignore[import-untyped]

    name = pa.dictionary(pa.int16(), pa.string())
    found = pa.struct(
        [
            ("frame", pa.int32()), ("seconds", pa.float64()), ("variant", name),
            ("quality", pa.uint8()), ("value", pa.binary(32)),
        ]
    )  # fmt: skip
    other = pa.struct(
        [
            ("algorithm", pa.string()), ("frame", pa.int32()), ("quality", pa.uint8()),
            ("value", pa.binary()),
        ]
    )  # fmt: skip
    return pa.schema(
        [
            ("source", pa.string()), ("key", pa.string()), ("key_bytes", pa.binary()),
            ("size", pa.int64()), ("etag", pa.string()),
            ("modified", pa.timestamp("us", tz="UTC")), ("media_type", pa.string()),
            ("md5", pa.binary(16)), ("sha1", pa.binary(20)), ("sha256", pa.binary(32)),
            ("pdq", pa.list_(found)), ("others", pa.list_(other)),
            ("problem_code", pa.string()), ("problem", pa.string()), ("engine", pa.string()),
            ("hashed_at", pa.timestamp("us", tz="UTC")),
            ("key_hash", pa.uint64()), ("version_hash", pa.uint64()), ("replaces", pa.bool_()),
        ],
        metadata={"amparo.catalogue.format": str(FORMAT)},
    )  # fmt: skip


def part_of(rows: Sequence[Row], source: str, engine: str) -> bytes:
    """A Parquet file of these rows."""
    import pyarrow as pa

    return bytes_of(pa.Table.from_pylist([_columns(row, source, engine) for row in rows], schema()))


def bytes_of(table: Any) -> bytes:
    """Rows as a Parquet file, whose pages have checksums, and what a scan asks of it a digest."""
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    metadata = (table.schema.metadata or {}) | {_KNOWN_DIGEST: _digest_of_known(table)}
    out = BytesIO()
    pq.write_table(
        table.replace_schema_metadata(metadata), out, compression="zstd", write_page_checksum=True,
        write_statistics=False, use_dictionary=_OFTEN_THE_SAME,
    )  # fmt: skip
    return out.getvalue()


def columns_of(file: BinaryIO, columns: Sequence[str]) -> Any:
    """Some columns of a part; anything may be raised where it is damaged, or not a part at all."""
    table, _ = _read(file, columns)
    return table


def known_columns_of(file: BinaryIO, *, has_digest: bool) -> Any:
    """What a scan asks of a part, verified without reading the rest. Raises as `columns_of`."""
    table, metadata = _read(file, _KNOWN)
    if any(table.column(name).null_count for name in _KNOWN[:2]):
        raise ValueError("a row tells not of which object it is")
    if has_digest and metadata[_KNOWN_DIGEST] != _digest_of_known(table):
        raise ValueError("its digest is another")
    return table


def _read(file: BinaryIO, columns: Sequence[str]) -> tuple[Any, dict[bytes, bytes]]:
    import pyarrow.parquet as pq

    # Read by this thread alone: one of Arrow's own that still holds a file of Python's where the
    # program ends, after a part that is damaged, brings it down.
    with pq.ParquetFile(file, page_checksum_verification=True, pre_buffer=False) as opened:
        if not opened.schema_arrow.equals(_schema_as_read()):
            raise ValueError("its columns are others")
        table = opened.read(columns=list(columns), use_threads=False)
        metadata = opened.schema_arrow.metadata
    table.validate(full=True)
    return table, metadata


@cache
def _schema_as_read() -> Any:
    """Parquet does not keep how wide the numbers are by which names are written."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(BytesIO(bytes_of(schema().empty_table())), pre_buffer=False) as opened:
        return opened.schema_arrow


def _digest_of_known(table: Any) -> bytes:
    digest = hashlib.blake2b(digest_size=8)
    for name in _KNOWN[:2]:
        digest.update(table.column(name).to_numpy().tobytes())
    codes = (code or "" for code in table.column(_KNOWN[2]).to_pylist())
    digest.update("\0".join(codes).encode())
    return digest.hexdigest().encode()


def shown_key(key: str) -> str:
    """A key as text that everybody takes: bytes that are not UTF-8 are escaped, and the byte 0."""
    text = key.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return text.replace("\0", "\\x00")


def _columns(row: Row, source: str, engine: str) -> dict[str, object]:
    item, problem = row.item, row.problem
    raw = item.key.encode("utf-8", "surrogateescape")
    shown = shown_key(item.key)
    columns: dict[str, object] = {
        "source": source,
        "key": shown,
        "key_bytes": raw if shown.encode() != raw else None,
        "size": item.size_bytes,
        "etag": item.etag,
        "modified": item.modified,
        "problem_code": None if problem is None else problem.code.value,
        "problem": None if problem is None else problem.message,
        "engine": engine,
        "hashed_at": row.hashed_at,
        "key_hash": row.fingerprint.key,
        "version_hash": row.fingerprint.version,
        "replaces": item.replaces,
        "pdq": [],
        "others": [],
    }
    return columns if row.hashes is None else columns | _hash_columns(row.hashes)


def _hash_columns(hashes: MediaHashes) -> dict[str, object]:
    return {
        "media_type": hashes.kind.value,
        "md5": bytes.fromhex(hashes.digests.md5),
        "sha1": bytes.fromhex(hashes.digests.sha1),
        "sha256": bytes.fromhex(hashes.digests.sha256),
        "pdq": [
            {
                "frame": picture.frame,
                "seconds": picture.seconds,
                "variant": variant.name,
                "quality": variant.quality,
                "value": variant.value,
            }
            for picture in hashes.pictures
            for variant in _variants(picture)
        ],
        "others": [
            {
                "algorithm": each.algorithm,
                "frame": each.frame,
                "quality": each.quality,
                "value": each.value,
            }
            for each in hashes.others
        ],
    }


def _variants(picture: PictureHash) -> tuple[Variant, ...]:
    """The picture itself first, and what a look-up of an upload searches besides."""
    from amparo.detect.matching.match import ORIGINAL  # with all that searches: not for --help

    return picture.variants or (Variant(ORIGINAL, picture.value, picture.quality),)
