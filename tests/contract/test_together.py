"""What threads write at once is one transaction on SQLite, and nobody's mistake is another's."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from amparo.access.keys import create_organisation, organisations
from amparo.core.errors import Conflict
from amparo.core.ids import OrganisationId
from amparo.db import Database, Work
from amparo.db.together import Together
from tests.databases import NOW


def made(database: Database, name: str) -> OrganisationId:
    return database.write(lambda work: create_organisation(work, name, NOW))


def test_all_that_is_brought_at_once_is_written(database: Database) -> None:
    names = [f"organisation {number}" for number in range(200)]
    with ThreadPoolExecutor(16) as threads:
        ids = list(threads.map(lambda name: made(database, name), names))
    with database.reading() as work:
        assert organisations(work) == dict(zip(names, ids, strict=True))


def test_whoever_fails_is_told_and_nobody_else_is_harmed(database: Database) -> None:
    names = [f"organisation {number // 2}" for number in range(100)]

    def make(name: str) -> bool:
        try:
            made(database, name)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(16) as threads:
        told = list(threads.map(make, names))
    assert sum(told) == 50
    with database.reading() as work:
        assert len(organisations(work)) == 50


def test_what_comes_while_another_writes_shares_one_commit(database: Database) -> None:
    commits = []
    first_is_at_work, all_have_come = threading.Event(), threading.Event()

    def counted() -> object:
        commits.append(1)
        return database.work()

    together = Together(counted)  # type: ignore[arg-type]

    def slow(work: Work) -> None:
        first_is_at_work.set()
        all_have_come.wait(30)
        work.execute(select(1))

    with ThreadPoolExecutor(11) as threads:
        first = threads.submit(together.write, slow)
        assert first_is_at_work.wait(30)
        others = [threads.submit(together.write, lambda work: work.execute(select(1)).scalar())
                  for _ in range(10)]  # fmt: skip
        while len(together._waiting) < 10:
            pass
        all_have_come.set()
        first.result()
        assert [each.result() for each in others] == [1] * 10
    assert len(commits) == 2


def test_a_commit_that_fails_is_everybodys(database: Database) -> None:
    class Fails:
        def __enter__(self) -> None:
            return None

        def __exit__(self, *_: object) -> None:
            raise Conflict("not now")

    with pytest.raises(Conflict, match="not now"):
        Together(Fails).write(lambda _: None)  # type: ignore[arg-type]
