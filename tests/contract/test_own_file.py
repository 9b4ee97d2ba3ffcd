"""A file of SQLite's while processes come and go: what was committed is seen."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from threading import Barrier, Thread

from amparo.access.keys import create_organisation
from amparo.core.clock import SystemClock
from amparo.db import Database
from amparo.db.migrate import upgrade
from amparo.db.own_file import make_own_file

NOW = SystemClock().now()


def test_what_is_written_after_another_process_has_left_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "amparo.db"
    with Database(f"sqlite:///{file}") as database:
        upgrade(database)
        with database.reading(), database.reading():  # the second connection finds the file made
            pass
        subprocess.run([sys.executable, "-c", _COMES_AND_GOES, str(file)], check=True, timeout=60)
        with database.work() as work:
            create_organisation(work, "a platform", NOW)
        with closing(sqlite3.connect(file)) as another:
            found = another.execute("SELECT name FROM organisations").fetchall()
    assert found == [("a platform",)]


def test_the_file_is_its_owners_alone_and_is_made_once(tmp_path: Path) -> None:
    file = tmp_path / "amparo.db"
    make_own_file(file)
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_bytes(b"something")
    make_own_file(file)
    assert file.read_bytes() == b"something"


def test_all_threads_may_make_it_at_once(tmp_path: Path) -> None:
    together = Barrier(8)

    def make() -> None:
        together.wait(10)
        make_own_file(tmp_path / "amparo.db")

    threads = [Thread(target=make) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert os.listdir(tmp_path) == ["amparo.db"]


_COMES_AND_GOES = """
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as database:
    database.execute("SELECT count(*) FROM organisations").fetchall()
database.close()
"""
