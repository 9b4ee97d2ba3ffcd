"""`amparo hash`: the hashes of files, a line for each file and algorithm."""

from typing import TYPE_CHECKING

import click

from amparo.interfaces.cli.options import FORMAT, PATHS, PDQ_INPUT, PROCESSES, leave
from amparo.interfaces.cli.output import Format, Record, path_fields, printer

if TYPE_CHECKING:
    from amparo.app.hash_files import FileHashes

_COLUMNS = (
    "algorithm", "value", "quality", "media_type", "frame", "error", "message", "path", "path_b64",
    "frames", "seconds",
)  # fmt: skip
_TABLE = {"algorithm": 9, "value": 64, "quality": 7, "frame": 5, "path": 20, "error": 0}


@click.command("hash", short_help="Hash files: PDQ of pictures, vPDQ of videos, digests of all.")
@PATHS
@FORMAT
@PDQ_INPUT
@PROCESSES
def command(paths: tuple[str, ...], form: str, pdq_input: str, processes: int | None) -> None:
    """Hash every file at or below each PATH.

    \b
    A line is printed for each file and algorithm, in the order of the files: PDQ of pictures, vPDQ
    of videos and animations, MD5, SHA-1 and SHA-256 of all. What is neither a picture nor a video
    gets its digests and a line that says so. Videos need the extra `video`; without it they have
    digests only. Exit status: 0, or 2 where a file could not be read, or is neither.

    \b
    Example:
      amparo hash known/ > known.jsonl
      amparo hash --format csv photo.jpg clip.mp4
    """
    from amparo.app.sandbox import open_sandbox
    from amparo.interfaces.cli.prepare import prepared

    settings = prepared(processes)
    columns = _TABLE if form == Format.TABLE else dict.fromkeys(_COLUMNS, 0)
    flat = _in_table if form == Format.TABLE else _flat
    show = printer(Format(form), columns, lambda line: [flat(line)])
    failed = False
    with open_sandbox(settings) as sandbox:
        # The sandbox's server loads the kernels while this process loads the rest.
        from amparo.app.hash_files import hash_files
        from amparo.detect.hashing.model import PdqInput
        from amparo.interfaces.cli.progress import progress

        with progress(paths) as bar:
            for file in hash_files(paths, sandbox, settings, pdq_input=PdqInput(pdq_input)):
                for record in _records(file):
                    show(record)
                    failed = failed or "error" in record
                bar.advance()
    leave(2 if failed else 0)


def _records(file: "FileHashes") -> list[Record]:
    """The lines of one file: perceptual hashes, digests, and what is wrong with it."""
    from amparo.detect.hashing.vpdq import vpdq_of

    path = path_fields(file.path)
    records: list[Record] = []
    problem = file.problem
    if file.hashes is not None:
        problem = file.hashes.problem
        common = {**path, "media_type": file.hashes.kind.value}
        several = len(file.hashes.pictures) > 1
        if file.hashes.film is not None and (text := vpdq_of(file.hashes)):
            records.append(
                {
                    **common,
                    "algorithm": "vpdq",
                    "value": text,
                    "quality": None,
                    "frames": len(file.hashes.pictures),
                    "seconds": round(file.hashes.film.seconds, 3),
                }
            )
        for picture in () if file.hashes.kind.is_video else file.hashes.pictures:
            record = {
                **common,
                "algorithm": "pdq",
                "value": picture.hex,
                "quality": picture.quality,
            }
            records.append({**record, "frame": picture.frame} if several else record)
        for other in file.hashes.others:
            record = {**common, "algorithm": other.algorithm, "value": other.value.hex(),
                      "quality": other.quality}  # fmt: skip
            records.append({**record, "frame": other.frame} if several else record)
        for algorithm in ("md5", "sha1", "sha256"):
            value = getattr(file.hashes.digests, algorithm)
            records.append({**common, "algorithm": algorithm, "value": value, "quality": None})
    if problem is not None:
        error = {"code": problem.code.value, "message": problem.message}
        records.append({**path, "error": error})
    return records


def _flat(record: Record) -> Record:
    error = record.get("error")
    if isinstance(error, dict):
        return {**record, "error": error["code"], "message": error["message"]}
    return record


def _in_table(record: Record) -> Record:
    """The hashes of all frames of a video are kilobytes: a table says how many they are."""
    row = _flat(record)
    return {**row, "value": f"{row['frames']} frames"} if "frames" in row else row
