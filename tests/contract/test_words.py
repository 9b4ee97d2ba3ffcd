"""Words, expressions and names of the database's lists are found on a host as they change."""

import shutil
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from amparo.access.people.secrets import AccessKey
from amparo.app.listed_names import ListedNames
from amparo.core.clock import SystemClock
from amparo.core.errors import Unavailable
from amparo.core.ids import OrganisationId
from amparo.db import Database
from amparo.detect.hashing.model import Algorithm
from amparo.detect.lists.bulk_import import import_signals
from amparo.detect.lists.forms import read_value, shown
from amparo.detect.lists.model import ListKind, NewList, Signal, SignalList
from amparo.detect.lists.store import Lists
from amparo.detect.matching.host import Follower, HostIndex
from amparo.detect.matching.host.follow import INDEX, PHRASES
from amparo.detect.matching.host.written import Written, asked_of_written
from tests.contract.test_lists_store import add
from tests.databases import NOW

NAMES = ListedNames(lambda: AccessKey(b"A" * 43 + b"="))


@pytest.fixture
def a_list(database: Database, organisation: OrganisationId) -> SignalList:
    with database.work() as work:
        return Lists(work).create(NewList("known", ListKind.CONFIRMED), organisation, NOW)


@pytest.fixture
def follower(database: Database, tmp_path: Path) -> Iterator[Follower]:
    with Follower(database, tmp_path / "host") as opened:
        yield opened


def a_signal(kind: Algorithm, written: str) -> Signal:
    value, kept = read_value(kind, written)
    return NAMES.sealed(Signal(written, kind, value, text=kept))


def words(*written: str) -> list[Signal]:
    return [a_signal(Algorithm.KEYWORD, each) for each in written]


def found(index: HostIndex, of: SignalList, said: str, *accounts: str) -> list[str]:
    asked, _ = asked_of_written(Written(said, accounts), index, of.organisation_id, NAMES.digest)
    return sorted(one.signal.signal.id for one in index.look_up(asked, of.organisation_id, NOW))


def test_words_are_found_while_they_are_listed(
    database: Database, a_list: SignalList, follower: Follower, tmp_path: Path
) -> None:
    follower.step()
    index = HostIndex(tmp_path / "host")
    said = "Zorvimel and quandelu, qz7"
    assert found(index, a_list, said) == []
    _, numbers = add(database, a_list, words("zorvimel", "quandelu"))
    follower.step()
    assert found(index, a_list, said) == ["quandelu", "zorvimel"]
    add(database, a_list, [a_signal(Algorithm.REGEX, "qz[0-9]")])
    with database.work() as work:
        Lists(work).withdraw(a_list, numbers[:1], actor="test", now=NOW)
    follower.step()
    assert found(index, a_list, said) == ["quandelu", "qz[0-9]"]
    add(database, a_list, words("zorvimel"))
    follower.step()
    assert found(index, a_list, said) == ["quandelu", "qz[0-9]", "zorvimel"]
    index.close()


def test_a_link_in_a_text_is_found_once_however_it_may_end(
    database: Database, a_list: SignalList, follower: Follower, tmp_path: Path
) -> None:
    add(database, a_list, [a_signal(Algorithm.URL_HOST, "hub.example")])
    add(database, a_list, [a_signal(Algorithm.URL, "https://hub.example/a_(b)")])
    add(database, a_list, [a_signal(Algorithm.EMAIL, "joe@mail.example")])
    follower.step()
    index = HostIndex(tmp_path / "host")
    both = ["https://hub.example/a_(b)", "hub.example"]
    assert found(index, a_list, "(https://hub.example/a_(b)).") == both
    assert found(index, a_list, "看hub.example/a_(b)，很好") == both
    assert found(index, a_list, "写信到joe@mail.example谢谢") == ["joe@mail.example"]
    index.close()


def test_many_words_are_found_beside_a_few_that_came_later(
    database: Database, a_list: SignalList, tmp_path: Path
) -> None:
    many = words(*(f"word{number}" for number in range(3000)))
    import_signals(database, a_list, many, actor="test", clock=SystemClock())
    folder = tmp_path / "host"
    with Follower(database, folder, rows_at_a_time=500, rows_of_a_segment=1000) as follower:
        follower.step()
        index = HostIndex(folder)
        assert found(index, a_list, "Word7 word2999 word3000") == ["word2999", "word7"]
        add(database, a_list, words("word3000"))
        follower.step()
        assert found(index, a_list, "word7 word3000") == ["word3000", "word7"]
        index.close()


def test_a_host_whose_words_are_gone_has_them_again_when_it_begins_anew(
    database: Database, a_list: SignalList, tmp_path: Path
) -> None:
    add(database, a_list, words("zorvimel"))
    folder = tmp_path / "host"
    with Follower(database, folder) as follower:
        follower.step()
    shutil.rmtree(folder / PHRASES)
    with Follower(database, folder) as follower:
        follower.step()
        index = HostIndex(folder)
        assert found(index, a_list, "zorvimel") == ["zorvimel"]
        index.close()


def test_a_follower_goes_on_by_itself_when_a_disk_that_was_full_has_space_again(
    database: Database, a_list: SignalList, tmp_path: Path
) -> None:
    folder = tmp_path / "host"
    with Follower(database, folder) as follower:
        follower.step()
        in_the_way = folder / PHRASES / ".phrases-new"
        in_the_way.mkdir()
        add(database, a_list, words("zorvimel"))
        with pytest.raises(Unavailable):
            follower.step()
        in_the_way.rmdir()
        stop, followed = threading.Event(), threading.Event()
        thread = threading.Thread(target=follower.run, args=(stop, followed.set))
        thread.start()
        try:
            assert followed.wait(timeout=20)
        finally:
            stop.set()
            thread.join()
        index = HostIndex(folder)
        assert found(index, a_list, "zorvimel") == ["zorvimel"]
        index.close()


@pytest.mark.parametrize("damaged", [f"{PHRASES}/part-*/codes.npy", f"{INDEX}/**/*.npy"])
def test_a_host_of_whose_index_a_byte_is_wrong_has_it_again_by_itself(
    database: Database, a_list: SignalList, tmp_path: Path, damaged: str
) -> None:
    add(database, a_list, words("zorvimel"))
    folder = tmp_path / "host"
    with Follower(database, folder, rows_of_a_segment=1) as follower:
        follower.step()
    path = max(folder.glob(damaged), key=lambda each: each.stat().st_size)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with Follower(database, folder, rows_of_a_segment=1) as follower:
        follower.step()
        index = HostIndex(folder)
        assert found(index, a_list, "zorvimel") == ["zorvimel"]
        index.close()


def test_a_word_that_has_expired_is_not_found(
    database: Database, a_list: SignalList, follower: Follower, tmp_path: Path
) -> None:
    value, kept = read_value(Algorithm.KEYWORD, "zorvimel")
    past = NOW - timedelta(days=1)
    add(database, a_list, [Signal("w", Algorithm.KEYWORD, value, text=kept, expires=past)])
    follower.step()
    index = HostIndex(tmp_path / "host")
    assert found(index, a_list, "zorvimel") == []
    index.close()


def test_a_name_is_on_record_as_a_keyed_digest_alone(
    database: Database, a_list: SignalList, follower: Follower, tmp_path: Path
) -> None:
    name = a_signal(Algorithm.ACCOUNT, "chat:Zorvi")
    add(database, a_list, [name])
    with database.reading() as work:
        (row,) = work.execute(text("SELECT value, text FROM signals")).all()
        (stored,) = Lists(work).live(a_list, after=0, limit=9)
    assert row.text == ""
    assert bytes(row.value) == NAMES.digest(Algorithm.ACCOUNT, "chat:zorvi")
    other = ListedNames(lambda: AccessKey(b"B" * 43 + b"="))
    assert bytes(row.value) != other.digest(Algorithm.ACCOUNT, "chat:zorvi")
    assert bytes(row.value) != NAMES.digest(Algorithm.EMAIL, "chat:zorvi")
    assert shown(stored.signal) == f"hmac-sha256:{bytes(row.value).hex()}"
    follower.step()
    index = HostIndex(tmp_path / "host")
    assert found(index, a_list, "", "CHAT:zorvi") == ["chat:Zorvi"]
    assert found(index, a_list, "", "zorvi") == []
    index.close()


def test_no_way_leads_a_name_in_clear_into_the_database(
    database: Database, a_list: SignalList
) -> None:
    value, kept = read_value(Algorithm.EMAIL, "a@mail.example")
    in_clear = [Signal("e", Algorithm.EMAIL, value, text=kept)]
    with pytest.raises(ValueError, match="sealed"):
        add(database, a_list, in_clear)
    with pytest.raises(ValueError, match="sealed"):
        import_signals(database, a_list, in_clear, actor="test", clock=SystemClock())


def test_the_same_word_however_written_and_however_often_is_one_signal(
    database: Database, a_list: SignalList
) -> None:
    many = words(*("Zorvimel", "ZORVIMEL ", "ｚorvimel") * 1000)
    result = import_signals(database, a_list, many, actor="test", clock=SystemClock())
    assert result.added == 1
    with database.reading() as work:
        now = Lists(work).get(a_list.organisation_id, a_list.name)
    again = import_signals(database, now, many, actor="test", clock=SystemClock())
    assert (again.added, again.replaced) == (0, 0)
