"""How long a text is looked for a million words, and a link in a million; beside another library.

The words are invented, of two syllables or more; of a text's 150 words 2 % are listed, or, in one
that is full of them, a third. Of the links, one in a hundred is listed.
"""

import hashlib
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import ahocorasick_rs
import numpy as np
from numpy.typing import NDArray

from amparo.core.ids import ListId, OrganisationId, SignalNumber, new_id
from amparo.detect.hashing.model import LINKS, Algorithm
from amparo.detect.index import IndexWriter, Rows
from amparo.detect.index.phrases import PhraseReader, PhraseWriter
from amparo.detect.lists.forms import read_value
from amparo.detect.lists.model import ListKind, Signal, StoredSignal, Subject
from amparo.detect.matching.host.cards import Cards, HostList, Mark
from amparo.detect.matching.host.follow import INDEX, PHRASES
from amparo.detect.matching.host.look_up import HostIndex, Listed
from amparo.detect.matching.host.phrases import phrases_of
from amparo.detect.matching.host.sift import sifted_written
from amparo.detect.matching.host.written import Placed, Written, asked_of_links, asked_of_written
from amparo.detect.texts.folding import fold
from amparo.detect.texts.links import Link
from amparo.kernels.automaton import word_borders
from benchmarks.figures import Figure

MOST_TEXT_MS = 1.0
MOST_LINK_US = 50.0
_SYLLABLES = [a + b for a in "bcdfghjklmnprstvwz" for b in "aeiou"]
_TEXTS = 300
_LETTERS = 1000
_SENT = 1000
_LISTED_OF_SENT = 10
_ROUNDS = 9
_MANY = 20
"""Matches in a text of 1 kB: what it takes to tell of these is another figure."""

_OWNER = OrganisationId(new_id())
_NOW = datetime.now(UTC)


def measure(size: int = 1_000_000) -> list[Figure]:
    """Look for `size` words in texts, and for links among `size` of each kind."""
    chance = random.Random(1)
    with tempfile.TemporaryDirectory(prefix="amparo-bench-") as name:
        return [*_words(Path(name) / "words", size, chance),
                *_links(Path(name) / "links", size, chance)]  # fmt: skip


def _words(folder: Path, size: int, chance: random.Random) -> Iterator[Figure]:
    known = sorted(_some(size, chance))
    texts = [_text(known, _word, chance) for _ in range(_TEXTS)]
    signals = [_signal(number, Algorithm.KEYWORD, word) for number, word in enumerate(known)]
    built_s = _seconds(lambda: PhraseWriter(folder).add(phrases_of(signals)))
    began = time.perf_counter()
    peer = ahocorasick_rs.AhoCorasick(known, store_patterns=False)
    peer_built_s = time.perf_counter() - began
    reader = PhraseReader(folder)
    _find(reader, texts[0])
    ours, theirs = [], []
    for text in texts:
        ours.append(1000 * _seconds(lambda text=text: _find(reader, text)))  # type: ignore[misc]
        theirs.append(1000 * _seconds(
            lambda text=text: peer.find_matches_as_indexes(text.lower(), overlapping=True)  # type: ignore[misc]
        ))  # fmt: skip
    name = f"1 kB text, {size:,} words"
    listed = frozenset(known)
    usual = [_text(known, lambda some: _other_word(listed, some), chance) for _ in range(_TEXTS)]
    yield from _whole(folder, known, {
        "1 kB": usual, "1 kB, a third of its words listed": texts,
        "1 kB of Han": [_han(text) for text in texts],
    }, peer)  # fmt: skip
    yield Figure.of(name, "ms", [median(ours)], [MOST_TEXT_MS], "the limit", target=1, at_most=True)
    yield Figure.of(
        f"{name}, unfolded by the peer",
        "ms",
        ours,
        theirs,
        "ahocorasick_rs",
    )
    yield Figure.of("making it", "s", [built_s], [peer_built_s], "ahocorasick_rs")


def _whole(
    folder: Path, known: list[str], kinds: dict[str, list[str]], peer: ahocorasick_rs.AhoCorasick
) -> Iterator[Figure]:
    """All that is done for a text: words, links and addresses in it spotted, looked up, sifted."""
    home = folder.parent / "host"
    home.mkdir()
    (home / PHRASES).symlink_to(folder)
    with IndexWriter(home / INDEX) as writer:
        values = b"".join(hashlib.sha256(each.encode()).digest() for each in known)
        writer.load({Algorithm.KEYWORD.value: _numbered(values, len(known))})
        cards = Cards(home, writing=True)
        cards.put_lists([_known_list(writer)])
        cards.put_signals(
            _signal(number, Algorithm.KEYWORD, known[number])
            for number in sorted({
                found for some in kinds.values() for text in some
                for found, _, _ in peer.find_matches_as_indexes(text.lower(), overlapping=True)
            })
        )  # fmt: skip
        index = HostIndex(home)
        for kind, some in kinds.items():
            matches = [len(_ask(index, each)) for each in some]
            times = [1000 * _seconds(lambda each=each: _ask(index, each)) for each in some]  # type: ignore[misc]
            yield Figure.of(
                f"{kind}, all that is done ({median(matches):g} matches)", "ms", [median(times)],
                [MOST_TEXT_MS], "the limit", at_most=True,
                target=None if median(matches) > _MANY else 1,
            )  # fmt: skip
        index.close()


def _ask(index: HostIndex, text: str) -> tuple[Listed, ...]:
    asked, _ = asked_of_written(Written(text), index, _OWNER, lambda _, form: form.encode())
    return sifted_written(index.look_up(asked, _OWNER, _NOW), asked).counted


def _han(text: str) -> str:
    """As many bytes, a letter of Han for every third."""
    return "".join(chr(0x4E00 + 97 * ord(each) % 20_000) for each in text[::3])


def _find(reader: PhraseReader, text: str) -> object:
    folded = fold(text)
    return reader.find(folded.codes, word_borders(folded.classes), _all_count, most=10_000)


def _all_count(digests: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.ones(len(digests), np.bool_)


def _links(folder: Path, size: int, chance: random.Random) -> Iterator[Figure]:
    hosts = [f"{word.replace(' ', '-')}.example" for word in sorted(_some(size, chance))]
    listed = hosts[:: size // _LISTED_OF_SENT][:_LISTED_OF_SENT]
    folder.mkdir()
    with IndexWriter(folder / INDEX) as writer:
        writer.load({kind.value: _rows(hosts, kind) for kind in LINKS})
        cards = Cards(folder, writing=True)
        cards.put_lists([_known_list(writer)])
        cards.put_signals(_signal(hosts.index(each), Algorithm.URL_HOST, each) for each in listed)
        index = HostIndex(folder)
        sent = [f"HTTP://WWW.{host}/rooms/a/../{number}?x=1#top" for number, host in
                enumerate([*listed, *(f"{_word(chance)}-z.example"
                                      for _ in range(_SENT - len(listed)))])]  # fmt: skip
        assert len(_look_up(index, sent)) == len(listed)
        times = [1e6 * _seconds(lambda: _look_up(index, sent)) / _SENT for _ in range(_ROUNDS)]
        index.close()
    yield Figure.of(f"a link, {size:,} of each kind", "µs", [median(times)], [MOST_LINK_US],
                    "the limit", target=1, at_most=True)  # fmt: skip


def _look_up(index: HostIndex, sent: list[str]) -> tuple[Listed, ...]:
    """All of them at once, as a platform sends them; what was listed."""
    links = [Placed(Link.of(url), item=number) for number, url in enumerate(sent)]
    asked = asked_of_links(links, index, _OWNER)
    return sifted_written(index.look_up(asked, _OWNER, _NOW), asked).counted


def _rows(hosts: list[str], kind: Algorithm) -> Rows:
    written = hosts if kind == Algorithm.URL_HOST else [f"https://{host}/a/page" for host in hosts]
    values = b"".join(hashlib.sha256(each.encode()).digest() for each in written)
    return _numbered(values, len(hosts))


def _numbered(values: bytes, count: int) -> Rows:
    """Digests of the one list, by number."""
    return Rows(
        np.frombuffer(values, np.uint8).reshape(count, 32),
        np.arange(count, dtype=np.uint64),
        np.ones(count, np.uint32),
    )


def _known_list(writer: IndexWriter) -> HostList:
    manifest = writer.state.manifest
    return HostList(
        ListId(new_id()), _OWNER, 1, "known", ListKind.CONFIRMED, Subject.CHILD, 31, 50, 1,
        Mark(manifest.identity, writer.state.sequence, manifest.generation),
    )  # fmt: skip


def _signal(number: int, kind: Algorithm, written: str) -> StoredSignal:
    value, text = read_value(kind, written)
    return StoredSignal(SignalNumber(number), 1, 1, Signal("", kind, value, text=text))


def _some(size: int, chance: random.Random) -> set[str]:
    """So many different words, and phrases of two."""
    found: set[str] = set()
    while len(found) < size:
        found.add(_word(chance) if chance.random() < 0.2 else f"{_word(chance)} {_word(chance)}")
    return found


def _word(chance: random.Random) -> str:
    return "".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4)))


def _other_word(listed: frozenset[str], chance: random.Random) -> str:
    """One that is not listed."""
    while (word := _word(chance)) in listed:
        continue
    return word


def _text(known: list[str], other: Callable[[random.Random], str], chance: random.Random) -> str:
    words: list[str] = []
    while sum(map(len, words)) + len(words) < _LETTERS:
        words.append(chance.choice(known) if chance.random() < 0.02 else other(chance).title())
    return " ".join(words)[:_LETTERS]


def _seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began
