"""The manifest: which segments and journals an index consists of, replaced in a single step."""

import hashlib
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import TypeAdapter, ValidationError

from amparo.core.errors import NotFound
from amparo.detect.index.arrays import ArrayFile, sync_folder
from amparo.detect.index.model import Damaged, readable
from amparo.detect.index.segment import SegmentFiles

NAME = "manifest"
FORMAT = 1

_FIRST_LINE = re.compile(rb"amparo index ([0-9]+) sha256 ([0-9a-f]{64})\n")


@dataclass(frozen=True, slots=True)
class GoneFile:
    """Which rows of one table of a segment were withdrawn when the manifest was written."""

    segment: str
    kind: str
    file: ArrayFile


@dataclass(frozen=True, slots=True)
class Manifest:
    """An index as of change number `sequence`; later changes are in the journals, in order.

    `identity` tells it from any other that may once stand in the same folder.
    """

    identity: str
    generation: int
    sequence: int
    segments: tuple[SegmentFiles, ...]
    gone: tuple[GoneFile, ...]
    journals: tuple[int, ...]

    @classmethod
    def empty(cls) -> Self:
        """That of a new index."""
        return cls(
            identity=secrets.token_hex(8),
            generation=1,
            sequence=0,
            segments=(),
            gone=(),
            journals=(1,),
        )


_adapter = TypeAdapter(Manifest)


def read_manifest(folder: Path) -> Manifest:
    """The newest. Raises NotFound where there is no index, Damaged where a byte is wrong."""
    path = folder / NAME
    try:
        with readable(path):
            whole = path.read_bytes()
    except FileNotFoundError as error:
        raise NotFound(f"There is no index in {folder}.") from error
    first = _FIRST_LINE.match(whole)
    if first is None:
        raise Damaged(f"{path} does not begin as the manifest of an index.")
    if int(first[1]) != FORMAT:
        raise Damaged(f"{path} has format {int(first[1])}; this Amparo reads format {FORMAT}.")
    body = whole[first.end() :]
    if hashlib.sha256(body).hexdigest().encode() != first[2]:
        raise Damaged(f"{path} is damaged: its checksum does not fit.")
    try:
        return _adapter.validate_json(body)
    except ValidationError as error:
        raise Damaged(f"{path} is not the manifest of an index.") from error


def publish_manifest(folder: Path, manifest: Manifest) -> None:
    """Replace the manifest; whoever reads sees the old one or the new one, also after a crash."""
    body = _adapter.dump_json(manifest)
    new = folder / f".{NAME}-new"
    with new.open("wb") as file:
        file.write(b"amparo index %d sha256 " % FORMAT)
        file.write(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, folder / NAME)
    sync_folder(folder)
