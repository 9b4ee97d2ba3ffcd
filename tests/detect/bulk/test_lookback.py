"""What a look-back searches for what, and what of it is a find."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amparo.core.ids import ListId, OrganisationId, SignalNumber, new_id
from amparo.detect.bulk.candidates import candidates_of
from amparo.detect.bulk.hidden import Hidden
from amparo.detect.bulk.lookback import Harmless, finds, marks_after, shares
from amparo.detect.bulk.replaced import Replaced
from amparo.detect.bulk.search import Searcher, piece
from amparo.detect.bulk.signals import Signals
from amparo.detect.bulk.store import Mark
from amparo.detect.hashing.model import Algorithm
from amparo.detect.index.model import Rows
from amparo.detect.lists.model import ListKind, Signal, StoredSignal, Subject
from amparo.detect.matching.host.cards import HostList
from tests.databases import NOW
from tests.detect.bulk.catalogues import a_catalogue, add, altered, hashes, value

MARKS = st.dictionaries(
    st.integers(1, 4), st.builds(Mark, st.integers(0, 5), st.integers(0, 5)), min_size=1
)


@given(MARKS, st.integers(0, 6))
def test_every_signal_meets_every_generation_once(marks: dict[int, Mark], last: int) -> None:
    """What was looked at before is not looked at again; all else is, whatever grew."""
    plan = shares(marks, last)
    for number, mark in marks.items():
        for generation in range(1, last + 1):
            [share] = [each for each in plan if generation in each.generations]
            was_looked_at = generation <= mark.generation
            assert share.after[number] == (mark.revision if was_looked_at else 0)


HIDDEN = Hidden("", {}, 0)


@given(MARKS, st.none() | st.integers(0, 6), st.integers(5, 7), st.booleans())
def test_a_mark_never_claims_what_was_not_looked_at(
    known: dict[int, Mark], since: int | None, last: int, is_scanned: bool
) -> None:
    asked = known if since is None else {number: Mark(since, 2**31 - 1) for number in range(1, 6)}
    closed = last - is_scanned
    plan = shares(asked, last)
    for number, mark in marks_after(
        asked, known, dict.fromkeys(asked, 9), dict.fromkeys(asked, HIDDEN), closed
    ).items():
        before = known.get(number, Mark())
        for generation in range(1, mark.generation + 1):
            [after] = [each.after[number] for each in plan if generation in each.generations]
            assert after <= (before.revision if generation <= before.generation else 0)


def a_list(number: int, kind: ListKind, radius: int = 31) -> HostList:
    return HostList(
        ListId(new_id()), OrganisationId(new_id()), number, f"list-{number}", kind, Subject.CHILD,
        radius, 50, 1,
    )  # fmt: skip


LISTS = {1: a_list(1, ListKind.CONFIRMED), 2: a_list(2, ListKind.NEGATIVE, 10)}
CHANCE = np.random.default_rng(4)
VALUE = value(CHANCE)


def a_signal(number: int, list_number: int, of: bytes, **others: object) -> StoredSignal:
    algorithm = {16: Algorithm.MD5, 32: Algorithm.PDQ}[len(of)]
    signal = Signal(f"s{number}", algorithm, of.hex(), **others)
    return StoredSignal(SignalNumber(number), list_number, 1, signal)


def of_signals(*known: StoredSignal) -> Signals:
    rows = {}
    for name in {each.signal.algorithm.value for each in known}:
        some = [each for each in known if each.signal.algorithm.value == name]
        joined = bytes.fromhex("".join(each.signal.value for each in some))
        rows[name] = Rows(
            np.frombuffer(joined, np.uint8).reshape(len(some), -1),
            np.array([each.number for each in some], np.uint64),
            np.array([each.list_number for each in some], np.uint32),
        )
    return Signals(rows, {number: each.radius_bits for number, each in LISTS.items()})


def found(folder: Path, *known: StoredSignal) -> list[tuple[str, int, int, str, int]]:
    """In a catalogue of one animation, whose second frame is a known picture."""
    catalogue = a_catalogue(folder)
    part = add(catalogue, [("a.gif", hashes("a.gif", value(CHANCE), VALUE))])
    searched = of_signals(*(each for each in known if each.list_number == 1))
    harmless = Harmless(of_signals(*(each for each in known if each.list_number == 2)))
    candidates = candidates_of(Searcher(catalogue, [searched]).search(piece([part], 0)))
    cards = {each.number: each for each in known}
    return [
        (each.algorithm, each.signal_number, each.distance_bits, each.variant, each.frame)
        for one in candidates
        for each in finds(one, list(harmless.hits(one.asked())), cards, LISTS, NOW)
    ]


def test_each_signal_is_found_by_its_nearest_hash(tmp_path: Path) -> None:
    near = a_signal(5, 1, altered(VALUE, 20))
    turned = a_signal(6, 1, altered(VALUE[::-1], 3))
    exact = a_signal(7, 1, bytes.fromhex(hashes("a.gif").digests.md5))
    assert found(tmp_path, near, turned, exact) == [
        ("md5", 7, 0, "original", 0), ("pdq", 6, 3, "flipx", 1), ("pdq", 5, 20, "original", 1)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "others", [{"expires": NOW}, {"quality": 40}, {"enabled_share": 0.0}], ids=lambda one: min(one)
)
def test_a_signal_that_does_not_count_is_no_find(tmp_path: Path, others: dict[str, object]) -> None:
    assert found(tmp_path, a_signal(5, 1, VALUE, **others)) == []


def test_a_negative_entry_suppresses_near_matches_and_never_an_exact_one(tmp_path: Path) -> None:
    near = a_signal(5, 1, altered(VALUE, 20))
    exact = a_signal(7, 1, bytes.fromhex(hashes("a.gif").digests.md5))
    harmless = a_signal(8, 2, altered(VALUE, 9))
    far = a_signal(9, 2, altered(VALUE, 11))
    assert [signal for _, signal, *_ in found(tmp_path / "one", near, exact, far)] == [7, 5]
    assert [signal for _, signal, *_ in found(tmp_path / "two", near, exact, harmless)] == [7]


def test_a_row_that_was_replaced_is_not_found_again(tmp_path: Path) -> None:
    catalogue = a_catalogue(tmp_path)
    add(catalogue, [("a", hashes("a", VALUE)), ("b", hashes("b", VALUE))])
    add(catalogue, [("a", hashes("a", value(CHANCE)))], generation=2, replaces=True)
    searcher = Searcher(catalogue, [of_signals(a_signal(5, 1, VALUE))])
    replaced = Replaced(catalogue, catalogue.parts(), by_unread=False)
    candidates = candidates_of(searcher.search(piece(catalogue.parts(), 0)))
    assert [(one.key, replaced.has(one)) for one in candidates] == [("a", True), ("b", False)]
