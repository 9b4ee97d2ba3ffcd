"""Hold a backup against its manifest, file by file, on the way to where it is restored."""

from pathlib import Path

from amparo.app.backup.carry import Identities, decrypted, stored_as, take_out
from amparo.app.backup.manifest import DATABASE, MANIFEST, Manifest
from amparo.core.errors import AmparoError, Invalid, NotFound, Unavailable
from amparo.db.copying import Advance
from amparo.db.sqlite_files import check, counts, version_in
from amparo.db.version import is_known


def manifest_of(folder: Path, identities: Identities) -> Manifest:
    """What the backup says of itself. Raises NotFound, Invalid, Unavailable."""
    path = folder / stored_as(MANIFEST, identities)
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise _without_manifest(folder, identities) from error
    except OSError as error:
        raise Unavailable(f"{path} cannot be read ({error.strerror}).") from error
    with_identity = decrypted(data, identities) if identities else data
    manifest = Manifest.read(with_identity)
    if not is_known(manifest.migration):
        raise Unavailable(
            f"The backup was made by Amparo {manifest.amparo}, which is newer than this one; "
            "install that version.",
            code="backup.newer",
        )
    return manifest


def taken_out(
    folder: Path,
    manifest: Manifest,
    database: Path,
    others: Path,
    identities: Identities,
    advance: Advance,
) -> None:
    """Its database in the file `database`, all else in the folder `others`, each byte verified.

    Raises Invalid at the first thing that is not as it was written.
    """
    expected, done = sum(each.size_bytes for each in manifest.files) or 1, 0

    def carried(more: int) -> None:
        nonlocal done
        done += more
        advance(done / expected)

    for each in manifest.files:
        target = database if each.name == DATABASE else others / each.name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        take_out(folder, each, target, identities, carried)
    check(database)
    if version_in(database) != manifest.migration or counts(database) != manifest.tables:
        raise Invalid("Its database is not the one that its manifest tells of.")


def _without_manifest(folder: Path, identities: Identities) -> AmparoError:
    if not folder.is_dir():
        return NotFound(f"There is no folder {str(folder)!r}.")
    if (folder / stored_as(MANIFEST, ())).exists():
        return Invalid("The backup is not encrypted; leave `--identity` out.")
    if not identities and any(folder.glob(f"{MANIFEST}.*")):
        return Invalid("The backup is encrypted; name the file of your age key with `--identity`.")
    return Invalid(f"{folder} is no backup: it has no {MANIFEST}.")
