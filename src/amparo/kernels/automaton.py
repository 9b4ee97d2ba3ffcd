"""Many phrases found in one pass over a text: Aho–Corasick, built and walked in flat arrays.

Source: A. V. Aho, M. J. Corasick, Efficient string matching (1975). Nodes are numbered by depth, so
that a node's children stand side by side: `first` uint32[N + 1] is where those of each begin.
"""

import numpy as np
from numpy.typing import NDArray

from amparo.kernels.compiling import Whole, kernel

Codes = NDArray[np.uint32]
Flags = NDArray[np.uint8]
Automaton = tuple[Codes, Codes, Codes, Codes, Codes]
"""first, labels, fails, phrases, links."""


@kernel
def count_nodes(codes: Codes, ends: NDArray[np.int64]) -> Whole:
    """How many nodes the automaton of these phrases has, with its root.

    `codes` uint32[M] are the phrases, one behind the other, in ascending order and each once;
    `ends` int64[P] is where each ends.
    """
    nodes = 1
    begin = before = 0
    for phrase in range(ends.shape[0]):
        end = ends[phrase]
        same = 0
        while begin + same < end and before + same < begin and phrase > 0:
            if codes[before + same] != codes[begin + same]:
                break
            same += 1
        nodes += end - begin - same
        before, begin = begin, end
    return nodes


@kernel
def build(codes: Codes, ends: NDArray[np.int64], nodes: Whole) -> tuple[Codes, Codes, Codes, Codes]:
    """The automaton of phrases as `count_nodes` takes them, of so many nodes.

    Returns uint32 arrays: `first` [N + 1]; `labels` [N], the code by which each node is reached;
    `fails` [N], where to go on when none follows; `phrases` [N], one more than the phrase that ends
    there, or 0.
    """
    first, labels, phrases = _grow(codes, ends, nodes)
    return first, labels, _failures(first, labels), phrases


@kernel
def _grow(codes: Codes, ends: NDArray[np.int64], nodes: Whole) -> tuple[Codes, Codes, Codes]:
    first = np.zeros(nodes + 1, np.uint32)
    labels = np.zeros(nodes, np.uint32)
    phrases = np.zeros(nodes, np.uint32)
    lows = np.zeros(nodes, np.uint32)
    highs = np.zeros(nodes, np.uint32)
    highs[0] = ends.shape[0]
    made = level_end = 1
    depth = 0
    for node in range(nodes):
        if node == level_end:
            depth += 1
            level_end = made
        first[node] = made
        low, high = np.int64(lows[node]), np.int64(highs[node])
        if low < high and _begin(ends, low) + depth == ends[low]:
            phrases[node] = low + 1
            low += 1
        while low < high:
            code = codes[_begin(ends, low) + depth]
            labels[made] = code
            lows[made] = low
            low += 1
            while low < high and codes[_begin(ends, low) + depth] == code:
                low += 1
            highs[made] = low
            made += 1
    first[nodes] = made
    return first, labels, phrases


@kernel
def _begin(ends: NDArray[np.int64], phrase: Whole) -> Whole:
    return ends[phrase - 1] if phrase > 0 else np.int64(0)


@kernel
def _failures(first: Codes, labels: Codes) -> Codes:
    fails = np.zeros(labels.shape[0], np.uint32)
    for node in range(1, labels.shape[0]):
        for child in range(first[node], first[node + 1]):
            fails[child] = _follow(first, labels, fails, np.int64(fails[node]), labels[child])
    return fails


@kernel
def _follow(first: Codes, labels: Codes, fails: Codes, node: Whole, code: np.uint32) -> Whole:
    """The node that a code leads to from `node`, or from the nearest that it fails to; or 0."""
    following = _child(first, labels, node, code)
    while following == 0 and node != 0:
        node = np.int64(fails[node])
        following = _child(first, labels, node, code)
    return following


@kernel
def _child(first: Codes, labels: Codes, node: Whole, code: np.uint32) -> Whole:
    """The child by a code, or 0."""
    low, high = np.int64(first[node]), np.int64(first[node + 1])
    while low < high:
        middle = (low + high) // 2
        if labels[middle] < code:
            low = middle + 1
        else:
            high = middle
    return low if low < first[node + 1] and labels[low] == code else np.int64(0)


@kernel
def link_phrases(fails: Codes, phrases: Codes) -> Codes:
    """uint32[N]: for each node the nearest on its way of failures where a phrase ends, or 0."""
    links = np.zeros(fails.shape[0], np.uint32)
    for node in range(1, fails.shape[0]):
        fail = fails[node]
        links[node] = fail if phrases[fail] != 0 else links[fail]
    return links


@kernel
def walk(
    automaton: Automaton,
    ends: NDArray[np.int64],
    text: Codes,
    borders: Flags,
    skipped: Flags,
    place: NDArray[np.int64],
    finds: NDArray[np.int64],
) -> Whole:
    """Fill `finds` int64[F, 3] with first code, code behind, and phrase; how many there were.

    A find begins and ends where `borders`
    uint8[T + 1] is set. Phrases whose bit in `skipped` is set are left out; of no length, none is.
    `place` int64[3] is where to go on in the text `text` uint32[T], zeros at its start: the code,
    the node before it, and the node whose phrases were being told; it is changed.
    """
    first, labels, fails, phrases, links = automaton
    at, node, telling = place[0], place[1], place[2]
    count = 0
    while True:
        while telling != 0:
            if count == finds.shape[0]:
                place[0], place[1], place[2] = at, node, telling
                return count
            phrase = np.int64(phrases[telling])
            if phrase != 0 and _is_told(skipped, phrase - 1):
                start = at - (ends[phrase - 1] - _begin(ends, phrase - 1))
                if borders[start]:
                    finds[count, 0], finds[count, 1], finds[count, 2] = start, at, phrase - 1
                    count += 1
            telling = np.int64(links[telling])
        if at == text.shape[0]:
            break
        node = _follow(first, labels, fails, node, text[at])
        at += 1
        if borders[at]:
            telling = node
    place[0], place[1], place[2] = at, node, 0
    return count


@kernel
def _is_told(skipped: Flags, phrase: Whole) -> bool:
    return skipped.shape[0] == 0 or not (skipped[phrase >> 3] >> (phrase & 7)) & 1


@kernel
def word_borders(classes: Flags) -> Flags:
    """uint8[T + 1]: where in a text words may begin and end; see `amparo.detect.texts.letters`."""
    count = classes.shape[0]
    borders = np.ones(count + 1, np.uint8)
    before = last = np.uint8(0)
    for at in range(count):
        here = classes[at] & np.uint8(7)
        if here == 3:
            borders[at] = at == 0
            continue
        if classes[at] & np.uint8(8):
            before, last = np.uint8(0), here
            continue
        joined = (last == 1 or last == 2) and (here == 1 or here == 2)
        if last == 5 and before == 2 and here == 2:
            joined = True
            borders[_last_letter(classes, at)] = 0
        borders[at] = at == 0 or not joined
        before, last = last, here
    return borders


@kernel
def _last_letter(classes: Flags, at: Whole) -> Whole:
    """Where the letter before stands, marks passed over."""
    at -= 1
    while at > 0 and classes[at] & np.uint8(7) == 3:
        at -= 1
    return at
