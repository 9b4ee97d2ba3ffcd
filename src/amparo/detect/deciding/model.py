"""The words of this feature: actions, the facts that conditions see, and a decision.

The fields of the facts are the variables of a policy: `docs/reference/policy.md` lists them, and a
condition that names another is refused when the policy is read.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

MOST_BLUR = 10
"""Nothing can be made out."""


class Action(StrEnum):
    """What the platform is told to do, from the mildest to the strictest."""

    ALLOW = "allow"
    REVIEW = "review"
    """Goes up, and a person looks."""

    HOLD = "hold"
    """Waits until a person has looked."""

    BLOCK = "block"

    @property
    def strictness(self) -> int:
        """Its place in that order."""
        return list(Action).index(self)


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """The file itself. `problem` is the code of what could not be read of it, or empty.

    `seconds` is how long a video or an animation is; `is_whole` is false where it was decided upon
    before all frames of a video had been looked at.
    """

    type: str
    size_bytes: int
    frames: int = 0
    problem: str = ""
    seconds: float = 0.0
    is_whole: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class MatchFacts:
    """A signal that the file matched, and what its list says.

    Of a video `seconds` and `last_seconds` say where in it the match is. Of a listed video (`vpdq`)
    the other numbers say where in that, and how much of the frames of each is in the other. −1
    where there is no such number.
    """

    list: str
    list_kind: str
    subject: str
    signal: str
    algorithm: str
    exact: bool
    distance: int
    quality: int
    variant: str
    revision: int
    frame: int = 0
    source: str = ""
    labels: tuple[str, ...] = ()
    classification: str = ""
    confidence: float = -1.0
    """From 0 to 1; −1 where the list says nothing."""
    start: int = -1
    """Where in a text it begins, in code points; −1 where it is not of a text."""
    end: int = -1
    item: int = -1
    """Which of the links, accounts or addresses that were sent, from 0 on; −1 for all else."""

    seconds: float = -1.0
    last_seconds: float = -1.0
    listed_seconds: float = -1.0
    listed_last_seconds: float = -1.0
    query_percent: float = -1.0
    listed_percent: float = -1.0

    remote: bool = False
    """Whether a service elsewhere says so, whose list nobody here has verified."""


@dataclass(frozen=True, slots=True, repr=False)
class UploaderFacts:
    """What the platform says of the account; unknown numbers are −1."""

    id: str = ""
    account_age_days: int = -1
    country: str = ""
    earlier_decisions: int = -1


@dataclass(frozen=True, slots=True, repr=False)
class ContextFacts:
    """Where it was uploaded. `surface`: post, message, storage, profile, or search."""

    surface: str = "post"
    jurisdiction: str = ""
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Facts:
    """Everything that a policy decides upon.

    `suppressed` are matches that a negative list has taken the consequences from; they are on
    record, and no condition sees them. `unanswered` says which scorer or remote list said nothing
    of the file, and why: that is no evidence of anything.
    """

    media: MediaFacts
    matches: tuple[MatchFacts, ...] = ()
    suppressed: tuple[MatchFacts, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    unanswered: Mapping[str, str] = field(default_factory=dict)
    uploader: UploaderFacts = UploaderFacts()
    context: ContextFacts = ContextFacts()


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with an upload, and which rules led there.

    `blur` is how much of it people are kept from seeing at first, from 0 to MOST_BLUR.
    `restrained` says which of the rules that hold everywhere kept the policy from being stricter;
    `broken` are rules whose conditions could not be answered for this upload.
    """

    action: Action
    queue: str
    priority: int
    labels: tuple[str, ...]
    notify: tuple[str, ...]
    rules: tuple[str, ...]
    restrained: str = ""
    broken: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    """What is kept beyond what must be: `text`."""
    message: str = ""
    """Which message the platform shows to whoever searched."""
    blur: int = 0


@dataclass(frozen=True, slots=True)
class Shadow:
    """What a policy that runs in the shadow of the one that holds would have done."""

    version: int
    action: Action
    rules: tuple[str, ...]
    broken: tuple[str, ...] = ()


def plain(one: Any) -> dict[str, Any]:
    """One of these, flat, by the names of its fields; several times as fast as `asdict`."""
    return {name: getattr(one, name) for name in one.__slots__}


def on_record(facts: Facts) -> dict[str, Any]:
    """The facts of a decision as they are put on record."""
    return {
        "media": plain(facts.media),
        "matches": [plain(each) for each in facts.matches],
        "suppressed": [plain(each) for each in facts.suppressed],
        "scores": dict(facts.scores),
        "unanswered": dict(facts.unanswered),
        "uploader": plain(facts.uploader),
        "context": plain(facts.context),
    }


def facts_of(recorded: Mapping[str, Any]) -> Facts:
    """The facts of a decision on record."""
    return Facts(
        media=MediaFacts(**recorded["media"]),
        matches=_matches_of(recorded["matches"]),
        suppressed=_matches_of(recorded["suppressed"]),
        scores=recorded["scores"],
        unanswered=recorded.get("unanswered", {}),
        uploader=UploaderFacts(**recorded["uploader"]),
        context=ContextFacts(
            **{**recorded["context"], "labels": tuple(recorded["context"]["labels"])}
        ),
    )


def _matches_of(recorded: Iterable[Mapping[str, Any]]) -> tuple[MatchFacts, ...]:
    return tuple(MatchFacts(**{**match, "labels": tuple(match["labels"])}) for match in recorded)
