"""Conditions in CEL: compiled, and every name in them checked, before any upload sees them.

The library evaluates, and does not know which fields there are; so the text is read once more here,
word by word. Source: the language definition of CEL (cel-spec), lexis and macros.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any

from amparo.core.errors import Invalid
from amparo.detect.deciding.cel_alone import cel
from amparo.detect.deciding.model import (
    ContextFacts,
    Facts,
    MatchFacts,
    MediaFacts,
    UploaderFacts,
    plain,
)

MOST_MATCHES = 100
"""So many are shown to a condition, those that weigh most."""

FIELDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        name: frozenset(each.name for each in fields(facts))
        for name, facts in {
            "media": MediaFacts,
            "matches": MatchFacts,
            "uploader": UploaderFacts,
            "context": ContextFacts,
        }.items()
    }
)
_VARIABLES = (*FIELDS, "scores")
_MACROS = frozenset({"all", "exists", "exists_one", "filter", "map"})
_METHODS = frozenset({"contains", "endsWith", "startsWith", "matches", "size"}) | _MACROS
_FUNCTIONS = frozenset({"size", "has", "int", "double", "string", "max", "min"})
_WORDS = frozenset({"true", "false", "null", "in"})

_TOKEN = re.compile(
    r"""(?P<text>[rRbB]*(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<number>[0-9][0-9A-Za-z.]*)
    |(?P<sign>[^\s])""",
    re.VERBOSE,
)


class BadCondition(Invalid):
    """A condition that cannot be used; `at` is the place of the mistake in its text."""

    code = "policy.condition"

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a condition, what kind it is of, and where it stands."""

    kind: str
    text: str
    at: int


class Condition:
    """One condition, ready to be asked."""

    def __init__(self, text: str) -> None:
        """Raises BadCondition."""
        self.text = text
        _check_names(list(tokens(text)))
        try:
            self._program = cel.compile(text)
        except ValueError as error:
            raise BadCondition(f"is not CEL: {_in_short(error)}", _place_in(error)) from error
        for sample in (_SAMPLE, _EMPTY):
            try:
                self.holds(sample)
            except Invalid as error:
                raise BadCondition(error.message, 0) from error

    def holds(self, seen: cel.Context) -> bool:
        """Whether it is true. Raises Invalid where it is neither true nor false."""
        try:
            answer = self._program.execute(seen)
        except (ValueError, TypeError, RuntimeError, LookupError, ArithmeticError) as error:
            raise Invalid(f"cannot be answered: {_in_short(error)}") from error
        if not isinstance(answer, bool):
            raise Invalid("is neither true nor false")
        return answer


def seen_of(facts: Facts) -> cel.Context:
    """The facts as conditions see them: turned once for all of them, which takes the longest."""
    return cel.Context(
        variables={
            "media": plain(facts.media),
            "matches": [plain(each) for each in _first(facts.matches)],
            "scores": dict(facts.scores),
            "uploader": plain(facts.uploader),
            "context": plain(facts.context),
        }
    )


def _first(matches: Sequence[MatchFacts]) -> Sequence[MatchFacts]:
    """As many as conditions see. However many others there are, none hides one that weighs more."""
    return sorted(matches, key=_weight)[:MOST_MATCHES]


def _weight(match: MatchFacts) -> tuple[bool, bool, bool]:
    is_confirmed = match.list_kind == "confirmed"
    return not (is_confirmed and match.subject == "child"), not is_confirmed, not match.exact


_EMPTY = seen_of(Facts(MediaFacts("image/jpeg", 1)))
_SAMPLE = seen_of(
    Facts(
        MediaFacts("image/jpeg", 1, 1),
        (
            MatchFacts(
                "", "", "", "", "", exact=True, distance=0, quality=100, variant="", revision=1
            ),
        ),
    )
)


def tokens(text: str) -> Iterator[Token]:
    """The words and signs of a condition, in their order."""
    for found in _TOKEN.finditer(text):
        assert found.lastgroup is not None
        yield Token(found.lastgroup, found.group(), found.start())


def _check_names(words: list[Token]) -> None:
    """Raises BadCondition where a name is none that a condition may use."""
    bound: dict[str, str] = {}
    depth = bound_depth = 0
    for number, token in enumerate(words):
        depth += (token.text == "(") - (token.text == ")")
        if depth < bound_depth:
            bound.clear()
        if token.kind != "name" or token.text in _WORDS:
            continue
        member = number > 1 and words[number - 1].text == "."
        called = number + 1 < len(words) and words[number + 1].text == "("
        owner = words[number - 2].text if member else ""
        if called:
            _check_called(token, _METHODS if member else _FUNCTIONS)
            if token.text in _MACROS:
                if bound:
                    raise BadCondition("goes through a list in a list, which takes long", token.at)
                bound = {each.text: owner for each in words[number + 2 : number + 3]}
                bound_depth = depth + 1
        elif member:
            _check_field(token, owner, bound)
        elif token.text not in bound and token.text not in _VARIABLES:
            raise _unknown("variable", token, (*_VARIABLES, *bound))


def _check_called(token: Token, known: frozenset[str]) -> None:
    if token.text not in known:
        raise _unknown("function", token, known)


def _check_field(token: Token, owner: str, bound: Mapping[str, str]) -> None:
    """A field of a variable, or of one of the matches that a name is bound to."""
    kind = bound.get(owner, "" if owner == "matches" else owner)
    if kind in FIELDS and token.text not in FIELDS[kind]:
        raise _unknown(f"field of {owner}", token, FIELDS[kind])


def _unknown(what: str, token: Token, known: Any) -> BadCondition:
    return BadCondition(
        f"names the {what} {token.text!r}, which there is not; "
        f"there are {', '.join(sorted(known))}",
        token.at,
    )


def _place_in(error: Exception) -> int:
    """Where in the text the parser stopped."""
    found = re.search(r"<input>:1:(\d+)", str(error))
    return int(found.group(1)) - 1 if found else 0


def _in_short(error: Exception) -> str:
    return str(error).strip().splitlines()[0].rstrip(".")
