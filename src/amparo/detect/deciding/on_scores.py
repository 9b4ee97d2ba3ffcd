"""What a condition makes of scores: which it names, and whether it can hold without any match.

Nothing is evaluated here: the text is taken apart at its `&&` and `||`.
"""

from collections.abc import Sequence

from amparo.detect.deciding.conditions import Token, tokens

_OPEN, _CLOSED = frozenset("([{"), frozenset(")]}")
_EXISTS = (["matches", ".", "exists", "("], ["matches", ".", "exists_one", "("])
_SIZES = (["matches", ".", "size", "(", ")"], ["size", "(", "matches", ")"])


def score_names(condition: str) -> frozenset[str]:
    """The scores that it names: `scores["a"]`, `"a" in scores` and `scores.a`."""
    words = [each.text for each in tokens(condition)]
    found = set()
    for at, word in enumerate(words):
        if word != "scores":
            continue
        before, after = words[max(0, at - 2) : at], words[at + 1 : at + 3]
        if after[:1] == ["["] and len(after) == 2:
            found.add(_bare(after[1]))
        if after[:1] == ["."] and words[at + 3 : at + 4] != ["("]:
            found.add(after[-1])
        if before[1:] == ["in"]:
            found.add(_bare(before[0]))
    return frozenset(found)


def rests_on_scores(condition: str) -> bool:
    """Whether it asks for scores, and can hold for a file that no list knows."""
    words = list(tokens(condition))
    names_scores = any(each.kind == "name" and each.text == "scores" for each in words)
    return names_scores and not _needs_match(words)


def _needs_match(words: Sequence[Token]) -> bool:
    """Whether it holds for no file without a match, as far as its form tells."""
    words = _without_parentheses(words)
    if any(each.text == "?" for each in words):
        return False
    either = _split(words, "|")
    if len(either) > 1:
        return all(_needs_match(each) for each in either)
    both = _split(words, "&")
    if len(both) > 1:
        return any(_needs_match(each) for each in both)
    return _is_match(words)


def _is_match(words: Sequence[Token]) -> bool:
    """`matches.exists(…)`, or that there are more of them than none."""
    texts = [each.text for each in words]
    if texts[:4] in _EXISTS:
        return _closing(words, 3) == len(words) - 1
    for size in _SIZES:
        if texts[: len(size)] == size:
            return texts[len(size) :] in ([">", "0"], [">", "=", "1"], ["!", "=", "0"])
    return False


def _without_parentheses(words: Sequence[Token]) -> Sequence[Token]:
    while words and words[0].text == "(" and _closing(words, 0) == len(words) - 1:
        words = words[1:-1]
    return words


def _closing(words: Sequence[Token], at: int) -> int:
    """Where the parenthesis that opens at `at` is closed."""
    depth = 0
    for place in range(at, len(words)):
        depth += (words[place].text in _OPEN) - (words[place].text in _CLOSED)
        if depth == 0:
            return place
    return len(words)


def _split(words: Sequence[Token], sign: str) -> list[Sequence[Token]]:
    """The parts between doubled signs that are in no parentheses."""
    parts, begin, depth = [], 0, 0
    for at, each in enumerate(words):
        depth += (each.text in _OPEN) - (each.text in _CLOSED)
        if depth == 0 and each.text == sign and words[at - 1].text == sign and at > begin:
            parts.append(words[begin : at - 1])
            begin = at + 1
    return [*parts, words[begin:]]


def _bare(text: str) -> str:
    return text.strip("\"'")
