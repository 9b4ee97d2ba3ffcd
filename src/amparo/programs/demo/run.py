"""The demonstration's files, and the scan of them by the same functions that `amparo scan` uses."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from amparo.app.hash_files import hash_files
from amparo.app.scan_files import FileMatches, scan_files
from amparo.core.settings import Settings
from amparo.detect.hashing.model import Algorithm
from amparo.detect.hashing.vpdq import vpdq_of
from amparo.detect.lists import Signal, read_list, write_list
from amparo.detect.lists.forms import read_value
from amparo.detect.matching import KnownSignals
from amparo.detect.media.sandbox import Sandbox
from amparo.programs.demo.clips import (
    CLIP_ALTERATIONS,
    KNOWN_NAME,
    ClipAlteration,
    as_file,
    known_clip,
    unrelated_clip,
)
from amparo.programs.demo.copies import ALTERATIONS, Alteration
from amparo.programs.demo.photographs import KNOWN, UNRELATED, Photograph
from amparo.testing.clips import Picture

RADIUS_BITS = 31


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One file of the demonstration: of which photograph, and how altered, if it is a known one."""

    path: Path
    photograph: Photograph
    alteration: Alteration | None


@dataclass(frozen=True, slots=True)
class ClipExhibit:
    """One video of the demonstration: how altered, or None where it is not of the known clip."""

    path: Path
    alteration: ClipAlteration | None


@dataclass(frozen=True, slots=True)
class Exhibits:
    """All files of the demonstration and the list that they are held against."""

    folder: Path
    known: Path
    files: tuple[Exhibit, ...]
    clips: tuple[ClipExhibit, ...] = ()

    @property
    def paths(self) -> list[Path]:
        """All that is scanned."""
        return [*(each.path for each in self.files), *(each.path for each in self.clips)]

    @property
    def uploads(self) -> Path:
        """The folder that is scanned."""
        return self.folder / "uploads"


def build(folder: Path, sandbox: Sandbox, settings: Settings) -> Exhibits:
    """Write altered copies and unrelated photographs to `folder`, and the list of known ones."""
    uploads = folder / "uploads"
    uploads.mkdir(parents=True, exist_ok=True)
    files = []
    for photograph in KNOWN:
        image = photograph.open()
        for number, alteration in enumerate(ALTERATIONS):
            path = uploads / f"{photograph.name}-{number:02d}.{alteration.extension}"
            path.write_bytes(alteration.make(image))
            files.append(Exhibit(path, photograph, alteration))
    for photograph in UNRELATED:
        path = uploads / f"unrelated {photograph.name}{photograph.path.suffix}"
        path.write_bytes(photograph.path.read_bytes())
        files.append(Exhibit(path, photograph, None))
    clip = known_clip()
    original = folder / f"{KNOWN_NAME}.mp4"
    original.write_bytes(as_file(clip))
    known = folder / "known.csv"
    with known.open("w", encoding="utf-8") as file:
        signals = [*_signals(sandbox, settings), _clip_signal(original, sandbox, settings)]
        write_list(signals, file, form="csv")
    return Exhibits(folder, known, tuple(files), _clips(uploads, clip))


def _clips(uploads: Path, clip: list[Picture]) -> tuple[ClipExhibit, ...]:
    """Write what was made of the known clip, and one that was not."""
    made: list[ClipExhibit] = []
    for number, alteration in enumerate(CLIP_ALTERATIONS):
        path = uploads / f"{KNOWN_NAME}-{number:02d}.{alteration.extension}"
        path.write_bytes(alteration.make(clip))
        made.append(ClipExhibit(path, alteration))
    other = uploads / "unrelated clip.mp4"
    other.write_bytes(as_file(unrelated_clip()))
    return (*made, ClipExhibit(other, None))


def _clip_signal(path: Path, sandbox: Sandbox, settings: Settings) -> Signal:
    (file,) = hash_files([str(path)], sandbox, settings)
    assert file.hashes is not None
    value, text = read_value(Algorithm.VPDQ, vpdq_of(file.hashes))
    return Signal(KNOWN_NAME, Algorithm.VPDQ, value, source="amparo demo", text=text)


def _signals(sandbox: Sandbox, settings: Settings) -> list[Signal]:
    """The PDQ hash of each known photograph, as the file that its package ships."""
    paths = [str(photograph.path) for photograph in KNOWN]
    signals = []
    for photograph, file in zip(KNOWN, hash_files(paths, sandbox, settings), strict=True):
        assert file.hashes is not None
        picture = file.hashes.pictures[0]
        signals.append(
            Signal(
                id=photograph.name,
                algorithm=Algorithm.PDQ,
                value=picture.hex,
                quality=picture.quality,
                source="amparo demo",
                note=photograph.credit,
            )
        )
    return signals


def scan(exhibits: Exhibits, sandbox: Sandbox, settings: Settings) -> dict[Path, FileMatches]:
    """What the scan of all files found, by path."""
    known = KnownSignals([read_list(exhibits.known)], now=datetime.now(UTC))
    files = scan_files(
        [str(path) for path in exhibits.paths],
        known,
        sandbox,
        settings,
        radius_bits=RADIUS_BITS,
    )
    return {Path(file.path): file for file in files}
