"""The folder of phrases: parts that never change, and a manifest that says which there are."""

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from amparo.detect.index.arrays import (
    ArrayFile,
    described,
    fetch,
    sync_folder,
    verify_all,
    write_array,
)
from amparo.detect.index.model import Damaged, readable
from amparo.detect.index.phrases.model import Automaton, Phrases

NAME = "phrases"
PREFIX = "part-"
BUILDING = ".building-"


@dataclass(frozen=True, slots=True)
class PartFiles:
    """What the manifest says of a part."""

    name: str
    count: int
    files: tuple[ArrayFile, ...]


@dataclass(frozen=True, slots=True)
class PhraseManifest:
    """The parts as of a generation; `identity` tells it from others that stood in the folder."""

    identity: str = ""
    generation: int = 0
    parts: tuple[PartFiles, ...] = ()
    format: int = 1


_adapter = TypeAdapter(PhraseManifest)


def read_manifest(folder: Path) -> PhraseManifest:
    """The newest; empty where nothing was ever written. Raises Damaged."""
    path = folder / NAME
    try:
        with readable(path):
            digest, _, body = path.read_bytes().partition(b"\n")
    except FileNotFoundError:
        return PhraseManifest()
    if hashlib.sha256(body).hexdigest().encode() != digest:
        raise Damaged(f"{path} is damaged: its checksum does not fit.")
    try:
        return _adapter.validate_json(body)
    except ValidationError as error:
        raise Damaged(f"{path} is not the manifest of phrases.") from error


def publish_manifest(folder: Path, manifest: PhraseManifest) -> None:
    """Replace the manifest; whoever reads sees the old one or the new one."""
    body = _adapter.dump_json(manifest)
    new = folder / f".{NAME}-new"
    with new.open("wb") as file:
        file.write(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, folder / NAME)
    sync_folder(folder)


def write_part(folder: Path, name: str, automaton: Automaton) -> PartFiles:
    """A new part, on disk when this returns. OSError leaves nothing."""
    building = folder / f"{BUILDING}{name}"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir()
    try:
        arrays = {f"{kind}.npy": array for kind, array in _arrays(automaton).items()}
        for file, array in arrays.items():
            write_array(building / file, array)
        shapes = {file: (array.dtype.str, array.shape) for file, array in arrays.items()}
        files = tuple(described(building, shapes))
        sync_folder(building)
        os.rename(building, folder / name)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    sync_folder(folder)
    return PartFiles(name, len(automaton.phrases), files)


def open_part(folder: Path, part: PartFiles, *, verify: bool = True) -> Automaton:
    """Map the arrays, which are read whole first. Raises Damaged, FileNotFoundError."""
    home = folder / part.name
    if verify:
        verify_all(home, part.files)
    arrays = {file.name.removesuffix(".npy"): file.open(home) for file in part.files}
    for array in arrays.values():
        fetch(array)
    phrases = Phrases(arrays.pop("codes"), arrays.pop("ends"), arrays.pop("digests"))
    return Automaton(phrases, **arrays)


def _arrays(automaton: Automaton) -> dict[str, NDArray[Any]]:
    phrases = automaton.phrases
    return {
        "codes": phrases.codes,
        "ends": phrases.ends,
        "digests": np.ascontiguousarray(phrases.digests),
        "first": automaton.first,
        "labels": automaton.labels,
        "fails": automaton.fails,
        "terminals": automaton.terminals,
        "links": automaton.links,
    }
