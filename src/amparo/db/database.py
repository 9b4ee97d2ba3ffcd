"""The database: units of work that are on record as a whole or not at all, and readings."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from amparo.core.errors import Unavailable
from amparo.db.dialects import DRIVER_ERRORS, DRIVER_REFUSALS, WRITING, Watch, dialect_of
from amparo.db.together import Together

T = TypeVar("T")

Work = Connection
"""One unit of work: stores write into it and never commit."""


class Database:
    """Where everything is on record; use it in a `with` block, from any number of threads."""

    def __init__(self, url: str) -> None:
        """`url` is `sqlite:///FILE` or `postgresql://…`. Raises Invalid where it is neither."""
        self._dialect = dialect_of(url)
        self.engine = self._dialect.engine()
        self._writing = self.engine.execution_options(**{WRITING: True})
        self._reading = self.engine
        self._glancing = self._dialect.glancing(self.engine)
        self._together = Together(self.work) if self.engine.dialect.name == "sqlite" else None
        if self.engine.dialect.name == "postgresql":
            self._reading = self.engine.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.dispose()

    @contextmanager
    def work(self) -> Iterator[Work]:
        """What is written within is committed at the end, or undone where anything is raised.

        Raises Unavailable where the database is away or does not take it.
        """
        with _told(), self._writing.begin() as work:
            yield work

    def write(self, job: Callable[[Work], T]) -> T:
        """What `job` returns, once what it has written is committed; as `work` otherwise.

        Where only one may write at a time, what several threads bring at once is one transaction.
        A job may be run a second time, after the first has been undone.
        """
        if self._together is None:
            with self.work() as work:
                return job(work)
        return self._together.write(job)

    @contextmanager
    def reading(self) -> Iterator[Work]:
        """One state of everything, whatever others write meanwhile. Raises Unavailable."""
        with _told(), self._reading.begin() as work:
            yield work

    @contextmanager
    def glancing(self) -> Iterator[Work]:
        """Statements that are Ready, each of which sees what is on record in its own moment.

        For what every upload asks; it costs a third of a reading. Raises Unavailable.
        """
        with _told(), self._glancing.connect() as work:
            yield work

    def tell(self, work: Work) -> None:
        """Wake the watches of all hosts when `work` is committed."""
        self._dialect.tell(work)

    def alone(self, work: Work, lock: int) -> bool:
        """Whether nobody else does what the number stands for, until `work` has ended."""
        return self._dialect.alone(work, lock)

    def in_turn(self, work: Work, lock: int) -> None:
        """Wait until nobody else does what the number stands for; until `work` has ended."""
        self._dialect.in_turn(work, lock)

    def insert_many(
        self, work: Work, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
    ) -> None:
        """Insert rows of plain values: numbers, texts, bytes; times and JSON as texts."""
        self._dialect.insert_many(work, table, columns, rows)

    def tidy(self) -> None:
        """Do now, beside other work, what would hold up somebody's transaction later."""
        with _told():
            self._dialect.tidy(self.engine)

    def watch(self) -> Watch:
        """Tells when somebody has changed lists."""
        return self._dialect.watch()


@contextmanager
def _told() -> Iterator[None]:
    """What a driver says, as an error of ours; of the statement and its values nothing."""
    try:
        yield
    except (IntegrityError, *DRIVER_REFUSALS):
        raise
    except DBAPIError as error:
        raise _away(error.orig) from error
    except DRIVER_ERRORS as error:
        raise _away(error) from error
    except PoolTimeout as error:
        raise Unavailable(
            "All connections to the database are in use; try again.", code="database.busy"
        ) from error


def _away(error: BaseException | None) -> Unavailable:
    return Unavailable(
        f"The database does not answer as it should: {_first_line(error)}.", code="database.away"
    )


def _first_line(error: BaseException | None) -> str:
    """What went wrong, without the details in which drivers quote values."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}, {lines[0].rstrip('.') if lines else 'no reason given'}"
