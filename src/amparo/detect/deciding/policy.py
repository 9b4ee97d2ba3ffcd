"""A policy: ordered rules in YAML, each a condition and what follows from it."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import yaml

from amparo.core.errors import Invalid
from amparo.detect.deciding.conditions import BadCondition, Condition
from amparo.detect.deciding.model import MOST_BLUR, Action
from amparo.detect.deciding.on_scores import rests_on_scores

_KEYS: dict[str, type | tuple[type, ...]] = {
    "id": str,
    "when": str,
    "action": str,
    "queue": str,
    "priority": int,
    "labels": list,
    "notify": list,
    "then": str,
    "keep": list,
    "message": str,
    "blur": (int, bool),
}
_REQUIRED = ("id", "when", "action")
_LARGEST_PRIORITY = 100
_ACTS = frozenset({Action.HOLD, Action.BLOCK})
_KEPT = frozenset({"text"})


class BadPolicy(Invalid):
    """A policy that cannot be used; the message names file, line and column, with a caret."""

    code = "policy.invalid"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where something stands, as a mark of YAML's says it."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; where it applies and `goes_on`, the rules behind it are asked too."""

    id: str
    condition: Condition
    action: Action
    queue: str = ""
    priority: int = 0
    labels: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    goes_on: bool = False
    keep: tuple[str, ...] = ()
    message: str = ""
    blur: int = 0


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules in the order in which they are asked."""

    rules: tuple[Rule, ...]
    text: str


def read_policy(text: str, name: str = "policy.yaml") -> Policy:
    """The policy in a YAML text. Raises BadPolicy, which points at the mistake."""
    return _Reader(text, name).policy()


def checked_policy(text: str, name: str = "policy.yaml") -> Policy:
    """A policy that is to be saved: as `read_policy`, and no rule asks for what no score may do.

    Raises BadPolicy. Whatever was saved before, a score never holds or blocks: `decide` sees to it.
    """
    reader = _Reader(text, name)
    policy = reader.policy()
    reader.require_matches()
    return policy


class _Reader:
    """Reads one text and knows where in it everything stands."""

    def __init__(self, text: str, name: str) -> None:
        self._text = text
        self._lines = text.splitlines()
        self._name = name
        self._conditions: list[tuple[Rule, yaml.Node]] = []

    def require_matches(self) -> None:
        """Raises where a rule would hold or block on the strength of scores alone."""
        for rule, node in self._conditions:
            if rule.action in _ACTS and rests_on_scores(rule.condition.text):
                self._fail(
                    self._mark_in(node, "scores"),
                    f"the rule {rule.id!r} asks for {rule.action.value} because of a score, and a "
                    "score only ever orders people's work: without a match nothing is held or "
                    "blocked; say `matches.exists(…) && …`, or `action: review` and a `priority`",
                )

    def _mark_in(self, node: yaml.Node, word: str) -> "yaml.Mark | _Place":
        """Where a word stands in a condition, however that is quoted or folded."""
        begin, end = node.start_mark, node.end_mark
        found = re.search(rf"\b{word}\b", self._text[begin.index : end.index])
        if found is None:
            return begin
        before = self._text[: begin.index + found.start()]
        return _Place(before.count("\n"), len(before) - before.rfind("\n") - 1)

    def policy(self) -> Policy:
        try:
            root = yaml.compose(self._text, yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            self._fail(mark, f"is not YAML: {error.problem}")
        if not isinstance(root, yaml.MappingNode):
            self._fail(root and root.start_mark, "must be `policy: 1` and `rules:`")
        parts = self._mapping(root)
        for key, (mark, _) in parts.items():
            if key not in ("policy", "rules"):
                self._fail(mark, f"{key!r} is no part of a policy; it has `policy` and `rules`")
        if "policy" not in parts or self._value(parts["policy"][1]) != 1:
            self._fail(root.start_mark, "must begin with `policy: 1`")
        if "rules" not in parts or not isinstance(parts["rules"][1], yaml.SequenceNode):
            self._fail(root.start_mark, "needs a list of `rules`")
        rules: list[Rule] = []
        for node in parts["rules"][1].value:
            rule = self._rule(node)
            if any(rule.id == other.id for other in rules):
                self._fail(node.start_mark, f"there is a rule {rule.id!r} already")
            rules.append(rule)
        return Policy(tuple(rules), self._text)

    def _rule(self, node: yaml.Node) -> Rule:
        if not isinstance(node, yaml.MappingNode):
            self._fail(node.start_mark, "a rule has at least `id`, `when` and `action`")
        parts = self._mapping(node)
        values: dict[str, Any] = {}
        for key, (mark, value) in parts.items():
            if key not in _KEYS:
                self._fail(mark, f"{key!r} is no part of a rule; there are {', '.join(_KEYS)}")
            values[key] = self._value(value)
            if type(values[key]) not in _kinds(key):
                self._fail(value.start_mark, f"`{key}` must be {_in_words(key)}")
        for key in _REQUIRED:
            if key not in values:
                self._fail(node.start_mark, f"the rule lacks `{key}`")
        rule = Rule(
            id=values["id"],
            condition=self._condition(parts["when"][1]),
            action=self._one_of(Action, parts["action"][1]),
            queue=values.get("queue", ""),
            priority=self._priority(parts, values.get("priority", 0)),
            labels=tuple(str(each) for each in values.get("labels", ())),
            notify=tuple(str(each) for each in values.get("notify", ())),
            goes_on=values.get("then", "stop") == "go-on" or self._stops(parts),
            keep=self._keep(parts, values.get("keep", [])),
            message=values.get("message", ""),
            blur=self._blur(parts, values.get("blur", 0)),
        )
        self._conditions.append((rule, parts["when"][1]))
        return rule

    def _condition(self, node: yaml.Node) -> Condition:
        try:
            return Condition(str(node.value))
        except BadCondition as error:
            mark = node.start_mark
            quoted = isinstance(node, yaml.ScalarNode) and node.style in ("'", '"')
            block = isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")
            column = mark.column + (0 if block else error.at + quoted)
            self._fail(mark, f"the condition {error.message}", column=column)

    def _one_of(self, kind: type[Action], node: yaml.Node) -> Action:
        try:
            return kind(node.value)
        except ValueError:
            names = ", ".join(each.value for each in kind)
            self._fail(node.start_mark, f"{node.value!r} is no action; there are {names}")

    def _priority(self, parts: dict[str, tuple[Any, yaml.Node]], priority: int) -> int:
        if not 0 <= priority <= _LARGEST_PRIORITY:
            self._fail(parts["priority"][1].start_mark, "`priority` is from 0 to 100")
        return priority

    def _keep(self, parts: dict[str, tuple[Any, yaml.Node]], kept: list[Any]) -> tuple[str, ...]:
        if not set(map(str, kept)) <= _KEPT:
            self._fail(parts["keep"][1].start_mark, "`keep` is a list that may hold `text` alone")
        return tuple(map(str, kept))

    def _blur(self, parts: dict[str, tuple[Any, yaml.Node]], blur: int | bool) -> int:
        """`true` is as much as there is."""
        if isinstance(blur, bool):
            return MOST_BLUR if blur else 0
        if not 0 <= blur <= MOST_BLUR:
            self._fail(parts["blur"][1].start_mark, f"`blur` is from 0 to {MOST_BLUR}, or true")
        return blur

    def _stops(self, parts: dict[str, tuple[Any, yaml.Node]]) -> bool:
        """False; raises where `then` says neither."""
        if "then" in parts and parts["then"][1].value not in ("stop", "go-on"):
            self._fail(parts["then"][1].start_mark, "`then` is stop or go-on")
        return False

    def _mapping(self, node: yaml.MappingNode) -> dict[str, tuple[Any, yaml.Node]]:
        parts: dict[str, tuple[Any, yaml.Node]] = {}
        for key, value in node.value:
            if str(key.value) in parts:
                self._fail(key.start_mark, f"{key.value!r} is there twice")
            parts[str(key.value)] = (key.start_mark, value)
        return parts

    def _value(self, node: yaml.Node) -> object:
        try:
            return yaml.SafeLoader("").construct_object(node, deep=True)
        except yaml.MarkedYAMLError as error:
            self._fail(error.problem_mark, f"is not YAML: {error.problem}")

    def _fail(self, mark: Any, message: str, *, column: int | None = None) -> NoReturn:
        line = mark.line if mark else 0
        place = column if column is not None else (mark.column if mark else 0)
        shown = self._lines[line] if line < len(self._lines) else ""
        raise BadPolicy(
            f"{self._name}, line {line + 1}, column {place + 1}: {message}.\n"
            f"  {shown}\n  {' ' * place}^"
        )


def _kinds(key: str) -> tuple[type, ...]:
    kinds = _KEYS[key]
    return kinds if isinstance(kinds, tuple) else (kinds,)


def _in_words(key: str) -> str:
    words = {str: "text", int: "a whole number", list: "a list", bool: "true"}
    return " or ".join(words[each] for each in _kinds(key))


DEFAULT_POLICY = Path(__file__).with_name("default_policy.yaml").read_text(encoding="utf-8")
"""The text of the policy that holds until an operator activates another."""
