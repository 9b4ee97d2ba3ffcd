"""Look-backs on record: each find once, marks that move on, and a whole one on both databases."""

import base64
import json
import os
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from amparo.access.audit.tables import EntryRow
from amparo.access.jurisdiction import Profiles
from amparo.access.keys import create_organisation
from amparo.access.model import Actor, Scope
from amparo.app.bulk_lookback import Asked, Shown, look_back
from amparo.app.change_lists import add_signals, create_list, withdraw_signals
from amparo.core.clock import SystemClock
from amparo.core.ids import OrganisationId, new_id
from amparo.core.settings import settings
from amparo.db import Database
from amparo.db.outbox import OutboxRow
from amparo.detect.bulk.hidden import Hidden, gather_hidden
from amparo.detect.bulk.signals import gather_signals
from amparo.detect.bulk.store import CatalogueId, Find, Lookbacks, Mark
from amparo.detect.bulk.tables import FindRow
from amparo.detect.hashing.model import Algorithm
from amparo.detect.lists.contents import Content, disable
from amparo.detect.lists.model import ListKind, NewList, Signal
from amparo.detect.lists.store import Lists
from amparo.detect.lists.tables import ListRow
from tests.conftest import Ended, Run
from tests.databases import NOW
from tests.detect.bulk.catalogues import CHANCE_VALUES, a_catalogue, add, altered, hashes

CATALOGUE = CatalogueId(new_id())
FIND = Find(b"o" * 16, "s3://archive", "a.jpg", 1, 7, "pdq", 3, "flipx", 2, 1.5)
OF_A_VIDEO = replace(FIND, object=b"v" * 16, algorithm="vpdq", last_seconds=4.5, listed_seconds=0.0,
                     listed_last_seconds=3.0, query_percent=5.25, listed_percent=100.0,
                     key_bytes=b"\xff")  # fmt: skip


def test_a_find_is_on_record_once_however_often_it_is_found(
    database: Database, organisation: OrganisationId
) -> None:
    first, second = new_id(), new_id()
    others = [replace(FIND, signal_number=number) for number in range(700)]
    with database.work() as work:
        store = Lookbacks(work, organisation, CATALOGUE)
        assert store.add([FIND, FIND, *others], first, NOW) == [FIND, *others[:7], *others[8:]]
    with database.work() as work:
        store = Lookbacks(work, organisation, CATALOGUE)
        other = replace(FIND, object=b"p" * 16, seconds=None)
        assert store.add([FIND, other, OF_A_VIDEO], second, NOW) == [other, OF_A_VIDEO]
        assert store.of_run(second) == (other, OF_A_VIDEO)
        assert len(store.of_run(first)) == 700
        another = Lookbacks(work, organisation, CatalogueId(new_id()))
        assert another.add([FIND], first, NOW) == [FIND]


def test_what_is_undone_is_not_on_record(database: Database, organisation: OrganisationId) -> None:
    run = new_id()

    def write_and_fail() -> None:
        with database.work() as work:
            Lookbacks(work, organisation, CATALOGUE).add([FIND], run, NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    with database.work() as work:
        assert Lookbacks(work, organisation, CATALOGUE).add([FIND], run, NOW) == [FIND]


def test_marks_are_each_organisations_and_each_catalogues(
    database: Database, organisation: OrganisationId
) -> None:
    with database.work() as work:
        made = Lists(work).create(NewList("known"), organisation, NOW)
        other = create_organisation(work, "another", NOW)
        store = Lookbacks(work, organisation, CATALOGUE)
        store.mark({made.number: Mark(3, 1)}, NOW)
        store.mark({made.number: Mark(4, 2)}, NOW)
        assert store.marks() == {made.number: Mark(4, 2)}
        assert Lookbacks(work, other, CATALOGUE).marks() == {}
        assert Lookbacks(work, organisation, CatalogueId(new_id())).marks() == {}


def test_signals_are_those_that_came_after_a_revision_and_are_there_still(
    database: Database, organisation: OrganisationId
) -> None:
    actor = Actor(organisation, "test", frozenset(Scope))
    clock = SystemClock()
    create_list(database, NewList("known", ListKind.CONFIRMED, radius_bits=20), actor, clock)
    add_signals(database, "known", [pdq(0)], actor, clock)
    added = add_signals(database, "known", [pdq(1), pdq(2), pdq(3)], actor, clock)
    withdraw_signals(database, "known", added.signals[1:2], actor, clock)
    with database.reading() as work:
        known = Lists(work).get(organisation, "known")
        found = gather_signals(work, [known], {known.number: 1})
        assert found.rows["pdq"].signals.tolist() == [added.signals[0], added.signals[2]]
        assert found.rows["pdq"].values[0].tobytes() == CHANCE_VALUES[1]
        assert found.radii == {known.number: 20}
        assert len(gather_signals(work, [known], {known.number: 0})) == 3
        assert len(gather_signals(work, [known], {known.number: 3})) == 0


PROFILE = """
jurisdiction: 1
name: example
counsel: somebody who may sign
signed_off: 2026-01-01
surfaces:
  message: a basis that counsel has found
"""


def pdq(number: int, bits: int = 0, **others: object) -> Signal:
    value = altered(CHANCE_VALUES[number], bits).hex()
    return Signal(f"s{number}", Algorithm.PDQ, value, **others)


class Platform:
    """A database, an operator who types, and a catalogue of three pictures."""

    def __init__(self, database: Database, url: str, folder: Path, amparo: Run) -> None:
        self.database = database
        self.folder = folder
        self.catalogue = a_catalogue(folder / "catalogue")
        add(self.catalogue, [(f"{n}.jpg", hashes(f"{n}.jpg", CHANCE_VALUES[n])) for n in range(3)])
        self._environment = {"AMPARO_DATABASE_URL": url}
        self._amparo = amparo
        with database.work() as work:
            self.actor = Actor(
                create_organisation(work, "a platform", NOW), "test", frozenset(Scope)
            )
        create_list(database, NewList("known", ListKind.CONFIRMED), self.actor, SystemClock())

    def add(self, *signals: Signal) -> None:
        add_signals(self.database, "known", signals, self.actor, SystemClock())

    def look_back(self, *options: str) -> Ended:
        return self._amparo("bulk", "lookback", "catalogue", *options, env=self._environment)

    def found(self, since: int | None = None, *lists: str) -> list[tuple[str, bool]]:
        """Which keys, and whether for the first time."""
        found: list[Shown] = []
        result = look_back(
            Asked(str(self.folder / "catalogue"), since, lists), settings(), self.database,
            self.actor, SystemClock(), show=found.append, announce=print, advance=lambda _: None,
        )  # fmt: skip
        assert (result.found, result.new) == (len(found), sum(each.is_new for each in found))
        return sorted((each.find.key, each.is_new) for each in found)


@pytest.fixture
def platform(database: Database, database_url: str, tmp_path: Path, amparo: Run) -> Platform:
    return Platform(database, database_url, tmp_path, amparo)


def test_what_grew_since_is_looked_at_and_nothing_else(platform: Platform) -> None:
    platform.add(pdq(0, bits=12))
    assert platform.found() == [("0.jpg", True)]
    assert platform.found() == []
    platform.add(pdq(1))
    assert platform.found() == [("1.jpg", True)]
    # What the archive gained is held against the older signals too.
    add(platform.catalogue, [("3.jpg", hashes("3.jpg", CHANCE_VALUES[0]))], generation=2)
    assert platform.found() == [("3.jpg", True)]
    assert platform.found(0) == [("0.jpg", False), ("1.jpg", False), ("3.jpg", False)]
    assert platform.found(1, "known") == [("1.jpg", False)]
    with platform.database.reading() as work:
        entries = work.execute(
            select(EntryRow.detail).where(EntryRow.action == "bulk.lookback").order_by(EntryRow.id)
        ).scalars().all()  # fmt: skip
        assert [(each["found"], each["new"]) for each in entries] == [
            (1, 1), (0, 0), (1, 1), (1, 1), (3, 0), (1, 0)
        ]  # fmt: skip
        waiting = work.execute(
            select(OutboxRow.payload).where(OutboxRow.kind == "bulk.lookback")
        ).scalars().all()  # fmt: skip
        assert [each["new"] for each in waiting] == [1, 1, 1]
        assert len(work.execute(select(FindRow.id)).all()) == 3


def test_a_name_that_is_not_utf_8_is_told_byte_by_byte(platform: Platform) -> None:
    platform.add(pdq(0))
    name = os.fsdecode(b"\xff.jpg")
    add(platform.catalogue, [(name, hashes("odd", CHANCE_VALUES[0]))], generation=2)
    told = {each["key"]: each for each in map(json.loads, platform.look_back().out.splitlines())}
    assert told["\\xff.jpg"]["key_b64"] == base64.b64encode(b"\xff.jpg").decode()
    assert "key_b64" not in told["0.jpg"]
    with platform.database.reading() as work:
        kept = dict(map(tuple, work.execute(select(FindRow.key, FindRow.key_bytes))))
    assert kept == {"\\xff.jpg": b"\xff.jpg", "0.jpg": None}


def test_a_look_back_that_ended_early_finds_the_rest_later(platform: Platform) -> None:
    platform.add(pdq(0), pdq(1), pdq(2))
    part = add(platform.catalogue, [("9.jpg", hashes("9.jpg", CHANCE_VALUES[2]))], number=2)
    path = platform.folder / "catalogue" / part
    whole = path.read_bytes()
    path.write_bytes(whole[:-50])
    ended = platform.look_back()
    assert ended.status == 2
    assert part in ended.err
    assert "--repair" in ended.err
    path.write_bytes(whole)
    keys = [key for key, _ in platform.found()]
    assert keys == ["0.jpg", "1.jpg", "2.jpg", "9.jpg"]
    with platform.database.reading() as work:
        assert len(work.execute(select(FindRow.id)).all()) == 4


def test_a_look_back_that_is_killed_leaves_finds_and_the_next_completes_them(
    platform: Platform,
) -> None:
    platform.add(pdq(0), pdq(1))
    shown = []

    def kill(one: Shown) -> None:
        shown.append(one.find.key)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        look_back(
            Asked(str(platform.folder / "catalogue")), settings(), platform.database,
            platform.actor, SystemClock(), show=kill, announce=print, advance=lambda _: None,
        )  # fmt: skip
    assert shown == ["0.jpg"]
    assert platform.found() == [("0.jpg", False), ("1.jpg", False)]
    assert platform.found() == []
    with platform.database.reading() as work:
        assert len(work.execute(select(FindRow.id)).all()) == 2


def test_what_a_negative_list_names_is_no_find(platform: Platform) -> None:
    with platform.database.work() as work:
        harmless = Lists(work).create(
            NewList("harmless", ListKind.NEGATIVE), platform.actor.organisation_id, NOW
        )
        later = SystemClock().now().replace(year=2100)
        signal = pdq(0, bits=4, note="a picture from the news", expires=later)
        Lists(work).add(harmless, [signal], actor="test", now=NOW)
    platform.add(pdq(0), pdq(1))
    assert platform.found() == [("1.jpg", True)]
    ended = platform.look_back("--list", "harmless")
    assert (ended.status, "negative list" in ended.err) == (2, True)


def test_what_a_negative_entry_hid_is_found_once_it_has_ended(platform: Platform) -> None:
    later = SystemClock().now() + timedelta(days=9)
    entry = pdq(0, bits=4, note="a picture from the news", expires=later)
    with platform.database.work() as work:
        harmless = Lists(work).create(
            NewList("harmless", ListKind.NEGATIVE), platform.actor.organisation_id, NOW
        )
        _, numbers = Lists(work).add(harmless, [entry], actor="test", now=NOW)
    platform.add(pdq(0), pdq(1))
    assert platform.found() == [("1.jpg", True)]
    with platform.database.work() as work:
        Lists(work).withdraw(harmless, numbers, actor="test", now=NOW)
    # A look-back at less than everything does not count as one.
    assert platform.found(1) == []
    ended = platform.look_back()
    assert "Searched in whole, as less is hidden than before: known." in ended.err
    assert [json.loads(line)["key"] for line in ended.out.splitlines()] == ["0.jpg", "1.jpg"]
    ended = platform.look_back()
    assert (ended.status, ended.out, "in whole" in ended.err) == (0, "", False)


def test_what_hides_matches_is_known_of_each_moment(
    database: Database, organisation: OrganisationId
) -> None:
    """Whatever ends, loosens or comes back may show something; whatever is added hides more."""
    tomorrow, later = NOW + timedelta(days=1), NOW + timedelta(days=2)

    def now_at(when: datetime) -> Hidden:
        with database.reading() as work:
            negative = [
                one for one in Lists(work).all(organisation) if one.kind is ListKind.NEGATIVE
            ]
            found = gather_hidden(work, [Lists(work).get(organisation, "known")], negative, when)
        [hidden] = found.values()
        assert Hidden.of_json(json.loads(json.dumps(hidden.as_json()))) == hidden
        return hidden

    with database.work() as work:
        known = Lists(work).create(NewList("known"), organisation, NOW)
        harmless = Lists(work).create(NewList("no", ListKind.NEGATIVE), organisation, NOW)
    first = now_at(NOW)
    assert not now_at(later).may_show(first, later)
    with database.work() as work:
        entries = [
            pdq(0, note="n", expires=later + timedelta(days=1)),
            pdq(1, note="n", expires=tomorrow),
        ]
        Lists(work).add(harmless, entries, actor="test", now=NOW)
    second = now_at(NOW)
    assert not second.may_show(first, NOW)
    assert now_at(tomorrow).may_show(second, tomorrow)
    with database.work() as work:
        change, _ = Lists(work).add(known, [pdq(2)], actor="test", now=NOW)
        [signal] = Lists(work).added(change, after=0, limit=9)
        content = Content(signal.number, (signal,))
        disable(work, known, content, int(tomorrow.timestamp()), actor="test", now=NOW)
    third = now_at(NOW)
    assert not third.may_show(second, NOW)
    assert not third.may_show(third, NOW)
    assert third.may_show(third, tomorrow)
    with database.work() as work:
        work.execute(update(ListRow).where(ListRow.number == harmless.number).values(radius_bits=3))
    fourth = now_at(NOW)
    assert fourth.may_show(third, NOW)
    with database.work() as work:
        work.execute(update(ListRow).where(ListRow.name == "known").values(enabled_share=0.5))
    assert now_at(NOW).may_show(fourth, NOW)


def test_private_messages_are_not_looked_at_without_a_basis(platform: Platform) -> None:
    platform.add(pdq(0))
    about = platform.folder / "catalogue" / "catalogue.json"
    about.write_text(json.dumps(json.loads(about.read_text()) | {"surface": "message"}))
    ended = platform.look_back()
    assert (ended.status, ended.out) == (2, "")
    assert "Private messages are not scanned" in ended.err
    with platform.database.work() as work:
        Profiles(work).record(platform.actor.organisation_id, PROFILE, actor="test", now=NOW)
    assert platform.found() == [("0.jpg", True)]


def test_without_a_database_nothing_is_compiled_first(tmp_path: Path, amparo: Run) -> None:
    a_catalogue(tmp_path / "catalogue")
    home = tmp_path / "home"
    ended = amparo("bulk", "lookback", "catalogue", env={"AMPARO_HOME": str(home)})
    assert (ended.status, "There is no database" in ended.err) == (2, True)
    assert "Compiling" not in ended.err
    assert not (home / "kernels").exists()


def test_a_catalogue_or_list_that_is_not_there_is_named(platform: Platform) -> None:
    assert "There is no list 'nothing'" in platform.look_back("--list", "nothing").err
    os.rename(platform.folder / "catalogue", platform.folder / "elsewhere")
    ended = platform.look_back()
    assert (ended.status, "There is no catalogue" in ended.err) == (2, True)
