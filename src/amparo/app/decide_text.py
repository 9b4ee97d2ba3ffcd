"""The way of what somebody writes or searches for: looked up, decided, on record, and answered.

Of the text nothing is kept but where it matched what, unless a rule of the policy says `keep`.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from amparo.access.model import Actor
from amparo.access.people.secrets import AccessKey
from amparo.access.repeats import Call, digest_of_request, reserve
from amparo.app.listed_names import ListedNames
from amparo.app.pipeline import LaidDown, Pipeline
from amparo.app.shadow import in_shadow, policy_of
from amparo.app.told import answer_of, match_of
from amparo.core.ids import DecisionId, MediaId, new_id
from amparo.core.problems import ProblemCode
from amparo.detect.deciding import Facts, MediaFacts, decide
from amparo.detect.deciding.model import ContextFacts, Decision, UploaderFacts, on_record
from amparo.detect.deciding.store import RecordedDecision, RecordedMedia
from amparo.detect.matching.host.asked import Asked
from amparo.detect.matching.host.sift import Found, sifted_written
from amparo.detect.matching.host.written import Written, asked_of_written, no_names
from amparo.detect.media.model import Kind

MOST_MATCHES = 1000
"""So many are told of a text."""

_TEXT = "text"


@dataclass(frozen=True, slots=True, repr=False)
class Submission:
    """What a platform sends. `key` is its Idempotency-Key, None where it sent none."""

    written: Written
    uploader: UploaderFacts = field(default_factory=UploaderFacts)
    context: ContextFacts = field(default_factory=ContextFacts)
    key: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class _Seen:
    """What was found, as policies see it, and how much was asked for it."""

    facts: Facts
    asked: int


@dataclass(frozen=True, slots=True)
class TextPipeline:
    """The stages in their order, with those that uploads have too. Called from any thread."""

    uploads: Pipeline
    names: ListedNames
    access_key: AccessKey

    def submit(self, said: Submission, actor: Actor) -> dict[str, Any]:
        """Decide on a text or search; the answer, which is on record when this returns.

        Raises as `Pipeline.submit` does.
        """
        uploads = self.uploads
        laid_down = uploads.laid_down(said.context.surface, actor)
        call = self._call_of(said, actor)
        uploads.unreleased.release(uploads.database)
        earlier = reserve(uploads.database, call, uploads.clock.now())
        if earlier is not None:
            return earlier
        try:
            return self._decide(said, actor, call, laid_down)
        except BaseException:
            uploads.unreleased.let_go(uploads.database, call)
            raise

    def _call_of(self, said: Submission, actor: Actor) -> Call:
        """Told again by a keyed digest: a plain one of a short text tells what the text is."""
        if said.key is None:
            return Call(actor.organisation_id, None, b"")
        written = repr(asdict(said.written)).encode()
        beside = repr((asdict(said.uploader), asdict(said.context))).encode()
        digest = digest_of_request(written, beside)
        return Call(actor.organisation_id, said.key, self.access_key.derived("texts", digest.hex()))

    def _decide(
        self, said: Submission, actor: Actor, call: Call, laid_down: LaidDown
    ) -> dict[str, Any]:
        uploads, standing = self.uploads, laid_down.standing
        now, stage = uploads.clock.now(), uploads.metrics.stage
        with stage("match"):
            seen = self._seen(said, actor, laid_down.jurisdiction)
        facts = seen.facts
        with stage("decide"):
            tide = uploads.tide(facts, now)
            flooded = {str(number) for number in tide.flooded}
            decision = decide(facts, policy_of(standing.live), flooded=flooded)
            shadow = in_shadow(facts, standing, flooded)
        with stage("hold"):
            held_as = self._kept(said, decision)
        media = RecordedMedia(
            MediaId(new_id()), actor.organisation_id, now,
            facts.media.type, facts.media.size_bytes, facts.media.problem, held_as,
        )  # fmt: skip
        one = RecordedDecision(
            DecisionId(new_id()), media, now, standing.live.number, decision, on_record(facts),
            shadow,
        )  # fmt: skip
        answer = answer_of(one) | {
            "truncated": bool(facts.media.problem),
            "message": decision.message,
            "problems": [asdict(each) for each in no_names(said.written)],
        }
        with stage("record"):
            uploads.put_on_record(one, actor, call, answer, tide)
        matched = len({match.signal for match in facts.matches})
        uploads.count(one, actor, asked=seen.asked, matched=matched)
        return answer

    def _seen(self, said: Submission, actor: Actor, jurisdiction: str) -> _Seen:
        index, now = self.uploads.index, self.uploads.clock.now()
        asked, is_cut = asked_of_written(
            said.written, index, actor.organisation_id, self.names.digest
        )
        found = sifted_written(index.look_up(asked, actor.organisation_id, now), asked)
        is_cut |= len(found.counted) > MOST_MATCHES
        facts = _facts(said, found, asked, jurisdiction, is_cut=is_cut)
        return _Seen(facts, 1 + len({(each.start, each.item) for each in asked}))

    def _kept(self, said: Submission, decision: Decision) -> str | None:
        """The name under which the text is kept, encrypted, where the policy says so."""
        if _TEXT not in decision.keep or not said.written.text:
            return None
        return self.uploads.inbox.put(said.written.text.encode(errors="surrogatepass"))


def _facts(
    said: Submission, found: Found, asked: list[Asked], jurisdiction: str, *, is_cut: bool
) -> Facts:
    context = said.context
    problem = ProblemCode.TEXT_TRUNCATED.value if is_cut else ""
    size_bytes = len(said.written.text.encode(errors="surrogatepass"))
    return Facts(
        media=MediaFacts(type=Kind.TEXT.value, size_bytes=size_bytes, problem=problem),
        matches=tuple(match_of(each, asked[each.asked]) for each in found.counted[:MOST_MATCHES]),
        suppressed=tuple(
            match_of(each, asked[each.asked]) for each in found.suppressed[:MOST_MATCHES]
        ),
        uploader=said.uploader,
        context=ContextFacts(context.surface, jurisdiction, context.labels),
    )
