"""What a backup says of itself: when it was made, of what, and the digest of every file in it."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Self

from amparo.core.errors import Invalid

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "database.sqlite"
SETTINGS = "settings.toml"
HELD = "held"

_NAME = re.compile(rf"{DATABASE}|{SETTINGS}|{HELD}/[0-9a-f]{{32}}\.age", re.ASCII)


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of a backup, before it was encrypted for somebody else."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """All of it; `audit_position` and `audit_digest` are what the audit trail had come to.

    `keys` are the fingerprints of the keys that are needed beside it. `unread` names held uploads
    that could not be read, `elsewhere` counts those that the database names and this host has not.
    """

    amparo: str
    migration: str
    created_at: datetime
    dialect: str
    installation: str
    audit_position: int
    audit_digest: str
    keys: dict[str, str]
    tables: dict[str, int]
    files: tuple[Kept, ...]
    with_held: bool = True
    unread: tuple[str, ...] = ()
    elsewhere: int = 0
    format: int = field(default=FORMAT)

    def written(self) -> bytes:
        """As the file that is read again; a digest of it stands behind it, on a line of its own."""
        said = json.dumps(asdict(self), default=lambda at: at.isoformat()).encode()
        return said + b"\n" + hashlib.sha256(said).hexdigest().encode() + b"\n"

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Raises Invalid where it is none of ours, of another format, or not as it was written."""
        said, _, rest = data.partition(b"\n")
        try:
            known = json.loads(said)
            its_format = known["format"]
        except (ValueError, TypeError, LookupError) as error:
            raise Invalid(f"Its {MANIFEST} is none that Amparo has written.") from error
        if not isinstance(its_format, int):
            raise Invalid(f"Its {MANIFEST} is none that Amparo has written.")
        if its_format != FORMAT:
            raise Invalid(
                f"It is of format {its_format}; this version of Amparo reads format {FORMAT}. "
                "Install the version that made it."
            )
        if rest != hashlib.sha256(said).hexdigest().encode() + b"\n":
            raise Invalid(f"Its {MANIFEST} is not as it was written.")
        try:
            return cls(**_typed(known))
        except (TypeError, ValueError, LookupError) as error:
            raise Invalid(f"Its {MANIFEST} is none that Amparo has written.") from error


def _typed(known: dict[str, Any]) -> dict[str, Any]:
    files = tuple(Kept(**each) for each in known.pop("files"))
    for each in files:
        if not _NAME.fullmatch(each.name):  # it is joined to a folder of ours
            raise ValueError(each.name)
    if DATABASE not in {each.name for each in files}:
        raise ValueError("no database")
    return known | {
        "files": files,
        "created_at": datetime.fromisoformat(known["created_at"]),
        "unread": tuple(known["unread"]),
    }
