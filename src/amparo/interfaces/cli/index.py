"""`amparo index`: look at the indexes of long lists, verify them, build them anew."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from amparo.interfaces.cli.options import ALGORITHM, announce, leave

if TYPE_CHECKING:
    from amparo.detect.index import IndexReader
    from amparo.detect.matching.list_index import Description

_LIST = click.argument("known_list", metavar="LIST", type=click.Path(path_type=Path))


@click.group("index", short_help="Look at the indexes of long lists.")
def command() -> None:
    """Look at the index of a long list, verify it, or build it anew.

    \b
    `amparo scan` builds and renews indexes by itself, in a hidden folder beside the list.

    \b
    Example:
      amparo index status known.csv
      amparo index verify known.csv
      amparo index rebuild known.csv
    """


@command.command("status")
@_LIST
def status(known_list: Path) -> None:
    """Say what the index of LIST holds, how large it is, and whether LIST has changed since.

    \b
    Exit status: 0, or 1 where LIST has changed since.

    \b
    Example:
      amparo index status known.csv
    """
    with _naming_the_way_out(known_list):
        folder, about = _found(known_list)
        reader = _reader(folder, verify=False)
    for name, value in _facts(known_list, folder, about, reader):
        click.echo(f"{name + ':':<14} {value}")
    leave(0 if _is_current(known_list, about) else 1)


@command.command("verify")
@_LIST
def verify(known_list: Path) -> None:
    """Read every byte of the index of LIST, and fail where one is not as it was written.

    \b
    Example:
      amparo index verify known.csv
    """
    with _naming_the_way_out(known_list):
        folder, about = _found(known_list)
        for file in about.files:
            file.verify(folder)
        reader = _reader(folder, verify=True)
    size = sum(one.files.size_bytes for one in reader.state.segments)
    click.echo(f"{folder}: {_in_units(size)}, every byte as it was written.")
    leave(0)


@command.command("rebuild")
@_LIST
@ALGORITHM
def rebuild(known_list: Path, algorithm: str | None) -> None:
    """Build the index of LIST anew, however short the list is.

    \b
    Example:
      amparo index rebuild known.csv
    """
    from amparo.detect.hashing.plug_ins import algorithm as algorithm_of
    from amparo.detect.matching.list_index import build, read_description
    from amparo.interfaces.cli.prepare import prepared
    from amparo.interfaces.cli.progress import share_bar

    home = prepared().home
    with share_bar(f"Indexing {known_list.name}") as advance:
        folder = build(
            known_list,
            home,
            algorithm=algorithm_of(algorithm) if algorithm else None,
            advance=advance,
            announce=announce,
        )
    click.echo(f"{folder}: {read_description(folder).searched} signals.")
    leave(0)


@contextmanager
def _naming_the_way_out(known_list: Path) -> Iterator[None]:
    """What is wrong with an index can be mended by building it again."""
    from amparo.core.errors import Unavailable

    try:
        yield
    except FileNotFoundError as error:
        raise Unavailable(f"{error.filename} is not there. {_way_out(known_list)}") from error
    except Unavailable as error:
        raise Unavailable(f"{error.message} {_way_out(known_list)}", code=error.code) from error


def _way_out(known_list: Path) -> str:
    return f"`amparo index rebuild {known_list}` builds the index again."


def _found(known_list: Path) -> "tuple[Path, Description]":
    """The folder of the list's index, and what it is of."""
    from amparo.core.errors import NotFound
    from amparo.detect.matching.list_index import index_folders, read_description
    from amparo.interfaces.cli.prepare import prepared

    for folder in index_folders(known_list, prepared().home):
        try:
            return folder, read_description(folder)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue
    if not known_list.is_file():
        raise NotFound(f"There is no list or file {str(known_list)!r}.")
    raise NotFound(
        f"{known_list} has no index; `amparo scan` gives one to a list of more than 1 MiB, "
        "`amparo index rebuild` to any."
    )


def _reader(folder: Path, *, verify: bool) -> "IndexReader":
    from amparo.core.errors import NotFound, Unavailable
    from amparo.detect.index import IndexReader

    if verify:
        announce(f"Reading {folder} …")
    try:
        return IndexReader(folder, verify=verify)
    except NotFound as error:
        raise Unavailable(error.message) from error


def _facts(
    known_list: Path, folder: Path, about: "Description", reader: "IndexReader"
) -> Iterator[tuple[str, str]]:
    from datetime import UTC, datetime

    state = reader.state
    changed = datetime.fromtimestamp((folder / "manifest").stat().st_mtime, UTC)
    yield "list", str(known_list)
    yield "index", str(folder)
    yield "last change", changed.isoformat(" ", "seconds")
    yield (
        "up to date",
        "yes"
        if _is_current(known_list, about)
        else ("no: the list has changed since; the next scan builds it anew"),
    )
    for kind, count in state.counts().items():
        if count:
            yield kind, f"{count:,} hashes"
    yield "not searched", f"{about.poor:,} of poor quality, {about.unhashed:,} without a hash"
    for segment in state.segments:
        yield segment.files.name, _in_units(segment.files.size_bytes)


def _is_current(known_list: Path, about: "Description") -> bool:
    from amparo.core.errors import NotFound
    from amparo.detect.hashing.plug_ins import algorithm
    from amparo.detect.matching.list_index import ListFile

    bare = about.source.algorithm
    try:
        return ListFile.at(known_list, algorithm(bare) if bare else None) == about.source
    except NotFound:
        return False


def _in_units(size: float) -> str:
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"
