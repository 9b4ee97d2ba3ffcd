"""The words of this feature: an object of an archive, a batch of them, what became of a batch."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime

from amparo.core.problems import Problem, ProblemCode


@dataclass(frozen=True, slots=True, repr=False)
class Item:
    """An object as the listing of its archive has it, or why there is none to read.

    A name that is not UTF-8 has surrogate escapes in `key`. `replaces` tells that the catalogue has
    a row of another state of it.
    """

    key: str
    size_bytes: int
    etag: str
    modified: datetime | None
    problem: Problem | None = None
    replaces: bool = False

    def __repr__(self) -> str:
        return f"Item({self.size_bytes} bytes)"


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Which object, and which state of it: 64 bits each."""

    key: int
    version: int


def fingerprint(source: str, item: Item) -> Fingerprint:
    """The same for the same object in the same state, and for nothing else."""
    key = _bytes_of(source) + b"\0" + _bytes_of(item.key)
    modified = "" if item.modified is None else item.modified.isoformat()
    state = f"\0{item.size_bytes}\0{item.etag}\0{modified}"
    return Fingerprint(_number(key), _number(key + _bytes_of(state)))


def _number(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big")


def _bytes_of(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Batch:
    """Objects that become one part of the catalogue, and the name of that part."""

    part: str
    items: tuple[Item, ...]

    def as_bytes(self) -> bytes:
        """For a worker, which may be on another machine."""
        items = [
            [
                each.key, each.size_bytes, each.etag,
                None if each.modified is None else each.modified.isoformat(),
                None if each.problem is None else [each.problem.code, each.problem.message],
                each.replaces,
            ]
            for each in self.items
        ]  # fmt: skip
        return json.dumps([self.part, items]).encode()

    @classmethod
    def of(cls, data: bytes) -> "Batch":
        """What `as_bytes` made."""
        part, items = json.loads(data)
        return cls(part, tuple(_item(*each) for each in items))


def _item(
    key: str, size_bytes: int, etag: str, modified: str | None, problem: list[str] | None,
    replaces: bool,
) -> Item:  # fmt: skip
    return Item(
        key, size_bytes, etag,
        None if modified is None else datetime.fromisoformat(modified).astimezone(UTC),
        None if problem is None else Problem(ProblemCode(problem[0]), problem[1]),
        replaces,
    )  # fmt: skip


@dataclass(slots=True)
class Report:
    """What became of some objects: how many, of how many bytes, and what was wrong with which.

    `stopped` says why the work cannot go on; what is counted is in the catalogue all the same.
    """

    objects: int = 0
    size_bytes: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    stopped: str = ""

    def add(self, other: "Report") -> None:
        """Count another one's too."""
        self.objects += other.objects
        self.size_bytes += other.size_bytes
        self.codes.update(other.codes)
        self.stopped = self.stopped or other.stopped

    def as_bytes(self) -> bytes:
        """For whoever gave the work."""
        return json.dumps([self.objects, self.size_bytes, self.codes, self.stopped]).encode()

    @classmethod
    def of(cls, data: bytes) -> "Report":
        """What `as_bytes` made."""
        objects, size_bytes, codes, stopped = json.loads(data)
        return cls(objects, size_bytes, Counter(codes), stopped)
