"""Where an archive's objects come from: a Protocol, and the object stores."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol, TypeVar

from amparo.core.errors import AmparoError, Denied, NotFound, Unavailable
from amparo.core.problems import Problem, ProblemCode
from amparo.detect.bulk.model import Item
from amparo.detect.bulk.pace import Pace, Rate
from amparo.detect.bulk.stores import CredentialsRefused, open_store, told_by_store
from amparo.detect.hashing.digests import digests_alone
from amparo.detect.hashing.model import MediaHashes

if TYPE_CHECKING:
    from collections.abc import Callable

    from obstore import GetResult, ObjectMeta

T = TypeVar("T")

_LISTED_AT_A_TIME = 1000
_PIECE_BYTES = 8 * 1024 * 1024

_CHANGED = Problem(
    ProblemCode.FILE_CHANGED,
    "The object changed between its listing and its reading; scan again once it is complete.",
)
_VANISHED = Problem(ProblemCode.FILE_VANISHED, "There is no such object any more.")


class Source(Protocol):
    """An archive: what is in it, and the bytes of each object."""

    @property
    def id(self) -> str:
        """What rows call it; keys are unique below it."""

    def items(self) -> Iterator[Item]:
        """Every object as it is now. Raises NotFound, Denied, Unavailable."""

    def read(self, item: Item) -> bytes | Problem:
        """The bytes of exactly the state that was listed, or why they cannot be had.

        Raises CredentialsRefused where nothing else can be read either.
        """

    def digests(self, item: Item, max_bytes: int) -> MediaHashes | Problem:
        """The digests of one that has more than `max_bytes`, never in memory as a whole.

        Raises the same.
        """


class StoreSource:
    """The objects below a prefix of an object store."""

    def __init__(self, url: str, rate: Rate) -> None:
        """`rate` is what the listing keeps to."""
        self.id = url.rstrip("/")
        self._store = open_store(self.id)
        self._pace = Pace(rate)

    def items(self) -> Iterator[Item]:
        """As the store lists them, a thousand a request."""
        import obstore

        with told_by_store(f"archive {self.id}"):
            for some in obstore.list(self._store, chunk_size=_LISTED_AT_A_TIME):
                self._pace.wait(0)
                for each in some:
                    yield _item(each)

    def read(self, item: Item) -> bytes | Problem:
        """By one GET, which the store refuses where the object is another by now.

        What is empty is not asked for: the names of folders are listed as such, and cannot be.
        """
        if item.size_bytes == 0:
            return b""
        return self._got(item, lambda got: _whole(got, item))

    def digests(self, item: Item, max_bytes: int) -> MediaHashes | Problem:
        """By one GET, a piece at a time."""
        return self._got(item, lambda got: _digests(got, item, max_bytes))

    def _got(self, item: Item, use: "Callable[[GetResult], T | Problem]") -> T | Problem:
        import obstore
        from obstore.exceptions import NotModifiedError, PreconditionError

        try:
            with told_by_store("object"):
                try:
                    # Without an etag the sizes are all that can be compared.
                    got = obstore.get(
                        self._store, item.key, options={"if_match": item.etag or None}
                    )
                    if (got.meta["e_tag"] or "") != item.etag:
                        return _CHANGED
                    return use(got)
                except (PreconditionError, NotModifiedError):
                    return _CHANGED
        except CredentialsRefused:
            raise
        except AmparoError as error:
            return _problem(error)


def _whole(got: "GetResult", item: Item) -> bytes | Problem:
    data = bytes(got.bytes())
    return data if len(data) == item.size_bytes else _CHANGED


def _digests(got: "GetResult", item: Item, max_bytes: int) -> MediaHashes | Problem:
    read = 0

    def pieces() -> Iterator[bytes]:
        nonlocal read
        for piece in got.stream(min_chunk_size=_PIECE_BYTES):
            read += len(piece)
            yield bytes(piece)

    found = digests_alone(pieces(), item.size_bytes, max_bytes)
    return found if read == item.size_bytes else _CHANGED


def _item(meta: "ObjectMeta") -> Item:
    return Item(meta["path"], meta["size"], meta["e_tag"] or "", meta["last_modified"])


def _problem(error: AmparoError) -> Problem:
    """Of one object alone: the next may be read."""
    if isinstance(error, NotFound):
        return _VANISHED
    if isinstance(error, Denied):
        return Problem(ProblemCode.FILE_DENIED, "The store gives you no permission to read it.")
    assert isinstance(error, Unavailable)
    return Problem(ProblemCode.FILE_UNREADABLE, error.message)
