"""A host hears of changes whatever the database's password looks like, or looks for itself."""

import threading
from pathlib import Path
from typing import Self

import pytest
from sqlalchemy.engine import make_url

from amparo.access.keys import create_organisation
from amparo.core.errors import Unavailable
from amparo.db import Database
from amparo.db.dialects import Watch
from amparo.detect.lists.model import NewList
from amparo.detect.lists.store import Lists
from amparo.detect.matching.host import Follower, HostIndex
from tests.contract.test_follower import found
from tests.contract.test_lists_store import a_signal, add
from tests.databases import NOW


@pytest.mark.parametrize(
    "password", ["a long one", "a%20long%20one", "p%40s%2Fs%25", "%2B%23%3F%27%5C%22%3D", "ñandú"]
)
def test_a_change_is_told_whatever_the_password_has_in_it(postgres_url: str, password: str) -> None:
    """The server trusts whoever asks; what is tried is what becomes of the URL."""
    url = make_url(postgres_url).render_as_string(hide_password=False)
    with Database(url.replace(":@", f":{password}@")) as database, database.watch() as watch:
        assert watch.wait(0.1)  # whatever happened before
        assert not watch.wait(0.01)
        with database.work() as work:
            database.tell(work)
        assert watch.wait(10)


class Deaf:
    """A watch that never hears, as behind a pool that passes no notification on."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def wait(self, timeout_s: float) -> bool:
        raise Unavailable("nothing listens")


class WithoutNotifications(Database):
    """Whose watches never hear."""

    def watch(self) -> Watch:
        return Deaf()


def test_a_follower_to_which_nothing_is_told_looks_for_itself(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    followed = threading.Semaphore(0)
    stop = threading.Event()
    with (
        WithoutNotifications(database_url) as deaf,
        Follower(deaf, tmp_path / "host") as follower,
    ):
        thread = threading.Thread(target=follower.run, args=(stop, followed.release))
        thread.start()
        try:
            assert followed.acquire(timeout=20)
            with database.work() as work:
                organisation = create_organisation(work, "a platform", NOW)
                known = Lists(work).create(NewList("known"), organisation, NOW)
            add(database, known, [a_signal(1)])
            for _ in range(2):  # one look may have begun before
                assert followed.acquire(timeout=20)
            assert found(HostIndex(tmp_path / "host"), known, 1) == {"s1"}
        finally:
            stop.set()
            thread.join()
