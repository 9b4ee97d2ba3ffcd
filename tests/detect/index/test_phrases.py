"""Phrases in a folder: found as soon as they are added, by every reader, however often joined."""

import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from numpy.typing import NDArray

from amparo.core.errors import Invalid, Unavailable
from amparo.detect.index import Damaged
from amparo.detect.index.phrases import PhraseReader, Phrases, PhraseWriter, parts, writer

WORDS = [f"w{number}" for number in range(200)]


def codes(text: str) -> NDArray[np.uint32]:
    return np.array([ord(letter) for letter in text], np.uint32)


def phrases(numbers: list[int]) -> Phrases:
    return Phrases.of([(codes(WORDS[each]), each.to_bytes(32, "big")) for each in numbers])


def numbers_in(reader: PhraseReader, listed: set[int]) -> set[int]:
    """Which words of a text of all words are found, of those that count."""
    text = codes(" ".join(WORDS))
    borders = np.zeros(len(text) + 1, np.uint8)
    spaces = np.flatnonzero(text == ord(" "))
    borders[[0, len(text), *spaces, *(spaces + 1)]] = 1

    def counts(digests: NDArray[np.uint8]) -> NDArray[np.bool_]:
        return np.array([int.from_bytes(each.tobytes(), "big") in listed for each in digests])

    found, truncated = reader.find(text, borders, counts, most=1000)
    assert not truncated
    return {int.from_bytes(each.digest, "big") for each in found}


class LivingPhrases(RuleBasedStateMachine):
    """One writer, a reader, and a set that knows the truth."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name)
        self.listed: set[int] = set()
        self.writer = PhraseWriter(self.path)
        self.reader = PhraseReader(self.path)

    @rule(numbers=st.lists(st.integers(0, 199), min_size=1, max_size=30))
    def add(self, numbers: list[int]) -> None:
        def still(digests: NDArray[np.uint8]) -> NDArray[np.bool_]:
            return np.array([int.from_bytes(each.tobytes(), "big") in self.listed
                             for each in digests], np.bool_)  # fmt: skip

        self.writer.add(phrases(numbers), still)
        self.listed |= set(numbers)

    @rule(numbers=st.lists(st.integers(0, 199), min_size=1))
    def withdraw(self, numbers: list[int]) -> None:
        self.listed -= set(numbers)

    @rule()
    def reopen(self) -> None:
        self.writer = PhraseWriter(self.path)
        assert numbers_in(PhraseReader(self.path), self.listed) == self.listed

    @invariant()
    def finds_what_is_listed(self) -> None:
        assert numbers_in(self.reader, self.listed) == self.listed
        assert len(list(self.path.glob("part-*"))) < 8

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.folder.cleanup()


TestLivingPhrases = LivingPhrases.TestCase
TestLivingPhrases.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)


def test_nobody_wanted_phrases_are_left_out_when_parts_are_joined(tmp_path: Path) -> None:
    kept = PhraseWriter(tmp_path)
    kept.add(phrases(list(range(50))))
    kept.add(phrases([60]), lambda digests: digests[:, -1] < 10)
    kept.add(phrases(list(range(70, 100))), lambda digests: digests[:, -1] < 10)
    assert len(kept) == 10 + 30


def test_large_parts_wait_until_there_are_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "LARGE", 20)
    kept = PhraseWriter(tmp_path)
    for first in (0, 30, 60, 90):
        kept.add(phrases(list(range(first, first + 30))))
    before = {path.name for path in tmp_path.glob("part-*")}
    kept.add(phrases([150]))
    assert len(before) == 1 or before <= {path.name for path in tmp_path.glob("part-*")}
    assert numbers_in(PhraseReader(tmp_path), set(range(200))) == {*range(120), 150}


def test_a_part_of_which_a_byte_is_wrong_is_not_believed(tmp_path: Path) -> None:
    PhraseWriter(tmp_path).add(phrases([1, 2]))
    (path,) = tmp_path.glob("part-*/fails.npy")
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    for opened in (PhraseReader, PhraseWriter):
        with pytest.raises(Damaged):
            opened(tmp_path)


def test_a_manifest_of_which_a_byte_is_wrong_is_not_believed(tmp_path: Path) -> None:
    PhraseWriter(tmp_path).add(phrases([1, 2]))
    (tmp_path / parts.NAME).write_bytes((tmp_path / parts.NAME).read_bytes()[:-1])
    for opened in (PhraseReader, PhraseWriter):
        with pytest.raises(Damaged):
            opened(tmp_path)


def test_what_a_killed_writer_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".building-part-00000009").mkdir()
    (tmp_path / "part-00000009").mkdir()
    PhraseWriter(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [parts.NAME]


def test_words_come_again_after_the_disk_was_full_while_they_were_written(tmp_path: Path) -> None:
    kept = PhraseWriter(tmp_path)
    kept.add(phrases([1]))
    in_the_way = tmp_path / f".{parts.NAME}-new"
    in_the_way.mkdir()
    with pytest.raises(Unavailable):
        kept.add(phrases([2]))
    in_the_way.rmdir()
    kept.add(phrases([3]))
    assert numbers_in(PhraseReader(tmp_path), {1, 2, 3}) == {1, 3}


def test_a_folder_that_was_begun_anew_is_followed(tmp_path: Path) -> None:
    PhraseWriter(tmp_path).add(phrases([1]))
    reader = PhraseReader(tmp_path)
    assert numbers_in(reader, {1, 2}) == {1}
    for path in tmp_path.rglob("*.npy"):
        path.unlink()
    for path in tmp_path.glob("part-*"):
        path.rmdir()
    (tmp_path / parts.NAME).unlink()
    PhraseWriter(tmp_path).add(phrases([2]))
    assert numbers_in(reader, {1, 2}) == {2}


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(Unavailable, match="file"):
        PhraseWriter(tmp_path / "file" / "folder")


def test_a_phrase_without_letters_is_refused() -> None:
    with pytest.raises(Invalid):
        Phrases.of([(codes(""), bytes(32))])


def test_readers_find_all_that_was_added_while_parts_are_joined(tmp_path: Path) -> None:
    kept = PhraseWriter(tmp_path)
    kept.add(phrases([0]))
    reader = PhraseReader(tmp_path)
    done = threading.Event()
    wrong: list[object] = []

    def read() -> None:
        while not done.is_set():
            found = numbers_in(reader, set(range(200)))
            if 0 not in found:
                wrong.append(found)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(1, 40):
        kept.add(phrases([number]))
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert numbers_in(reader, set(range(200))) == set(range(40))
