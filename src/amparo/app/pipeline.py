"""The way of an upload: hashed, matched, decided, held where need be, on record, and answered."""

from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from amparo.access.audit import record
from amparo.access.look_ups import LookUps
from amparo.access.model import Actor
from amparo.access.repeats import Call, Unreleased, digest_of_request, keep, reserve
from amparo.app.hash_upload import UploadHasher
from amparo.app.lawful import require_lawful
from amparo.app.metrics import Metrics
from amparo.app.score_upload import NOTHING, Scored, UploadScorer
from amparo.app.shadow import in_shadow, policy_of
from amparo.app.told import answer_of, match_of
from amparo.core.clock import Clock
from amparo.core.ids import DecisionId, MediaId, new_id
from amparo.core.seldom import Seldom
from amparo.core.settings import Settings
from amparo.db import Database, Work
from amparo.db.outbox import put
from amparo.detect.deciding import (
    Action,
    Facts,
    MediaFacts,
    decide,
    flood,
)
from amparo.detect.deciding.model import ContextFacts, UploaderFacts, on_record
from amparo.detect.deciding.store import Decisions, RecordedDecision, RecordedMedia
from amparo.detect.deciding.versions import Policies, Standing
from amparo.detect.hashing.model import MediaHashes
from amparo.detect.matching.host import HostIndex
from amparo.detect.matching.host.asked import Asked, asked_of
from amparo.detect.matching.host.sift import Found, sifted
from amparo.respond.vault import Inbox

DECIDED = "media.decided"
"""The kind of outbox row that a decision leaves where something must follow from it."""

FLOODED = "signal.flooded"
"""The kind of outbox row by which people are told of a flood."""

_seldom = Seldom(structlog.get_logger(__name__))


@dataclass(frozen=True, slots=True, repr=False)
class Upload:
    """What a platform sends. `key` is its Idempotency-Key, None where it sent none."""

    data: bytes
    uploader: UploaderFacts = field(default_factory=UploaderFacts)
    context: ContextFacts = field(default_factory=ContextFacts)
    key: str | None = None


@dataclass(frozen=True, slots=True)
class LaidDown:
    """What holds when an upload arrives; `jurisdiction` is the name of its profile, or none's."""

    standing: Standing
    jurisdiction: str


@dataclass(frozen=True, slots=True)
class Pipeline:
    """The stages in their order. Called from any number of threads."""

    database: Database
    index: HostIndex
    hasher: UploadHasher
    scorer: UploadScorer
    inbox: Inbox
    settings: Settings
    clock: Clock
    metrics: Metrics
    look_ups: LookUps
    unreleased: Unreleased = field(default_factory=Unreleased)

    def submit(self, upload: Upload, actor: Actor) -> dict[str, Any]:
        """Decide on an upload; the answer, which is on record when this returns.

        Raises Denied where it may not be scanned, Conflict and Invalid for its Idempotency-Key,
        Unavailable where a decision cannot be made or kept: then nothing was decided.
        """
        laid_down = self.laid_down(upload.context.surface, actor)
        call = _call_of(upload, actor)
        self.unreleased.release(self.database)
        earlier = reserve(self.database, call, self.clock.now())
        if earlier is not None:
            return earlier
        try:
            return self._decide(upload, actor, call, laid_down)
        except BaseException:
            self.unreleased.let_go(self.database, call)
            raise

    def laid_down(self, surface: str, actor: Actor) -> LaidDown:
        """The policy and the jurisdiction profile that hold; the profile allows what is to be done.

        Raises Denied where it does not.
        """
        with self.database.glancing() as work:
            profile = require_lawful(work, surface, actor.organisation_id)
            standing = Policies(work).standing(actor.organisation_id)
        return LaidDown(standing, profile)

    def _decide(
        self, upload: Upload, actor: Actor, call: Call, laid_down: LaidDown
    ) -> dict[str, Any]:
        now = self.clock.now()
        stage = self.metrics.stage
        with stage("hash"):
            enough = partial(self._is_held, upload, actor, laid_down, now)
            hashes = self.hasher.hash(upload.data, enough)
        self.metrics.restarted(self.hasher.restarts)
        with stage("match"):
            asked, found = self._look_up(hashes, actor, now)
        with stage("score"):
            scored = self.scorer.score(upload.data, hashes, found, actor.organisation_id)
        with stage("decide"):
            facts = _facts(upload, hashes, found, asked, laid_down.jurisdiction, scored)
            standing, tide = laid_down.standing, self.tide(facts, now)
            flooded = {str(number) for number in tide.flooded}
            decision = decide(facts, policy_of(standing.live), flooded=flooded)
            shadow = in_shadow(facts, standing, flooded)
        with stage("hold"):
            held_as = None if decision.action is Action.ALLOW else self.inbox.put(upload.data)
        media = RecordedMedia(
            MediaId(new_id()), actor.organisation_id, now,
            facts.media.type, facts.media.size_bytes, facts.media.problem, held_as,
        )  # fmt: skip
        one = RecordedDecision(
            DecisionId(new_id()),
            media,
            now,
            standing.live.number,
            decision,
            on_record(facts),
            shadow,
        )
        answer = answer_of(one)
        # Should this fail, it may be on record all the same: only a sweep removes held bytes.
        with stage("record"):
            self.put_on_record(one, actor, call, answer, tide)
        self.count(one, actor, asked=1, matched=int(bool(one.facts["matches"])))
        return answer

    def _is_held(
        self,
        upload: Upload,
        actor: Actor,
        laid_down: LaidDown,
        now: datetime,
        hashes: MediaHashes,
    ) -> bool:
        """Whether what is known of a video so far is enough for it not to go up."""
        asked, found = self._look_up(hashes, actor, now)
        if not found.counted:
            return False
        facts = _facts(upload, _as_if_whole(hashes), found, asked, laid_down.jurisdiction, NOTHING)
        flooded = {str(number) for number in self.tide(facts, now).flooded}
        decision = decide(facts, policy_of(laid_down.standing.live), flooded=flooded)
        return decision.action.strictness >= Action.HOLD.strictness

    def _look_up(
        self, hashes: MediaHashes, actor: Actor, now: datetime
    ) -> tuple[list[Asked], Found]:
        """What is looked up of a file, and what of it lists have."""
        asked = asked_of(hashes)
        listed = self.index.look_up(asked, actor.organisation_id, now, hashes.film)
        return asked, sifted(listed, asked)

    def count(self, one: RecordedDecision, actor: Actor, *, asked: int, matched: int) -> None:
        """What was looked up for it and matched, and what became of it."""
        self.look_ups.count(actor, asked=asked, matched=matched)
        self.metrics.decided(one.decision.action.value)
        if one.decision.broken:
            self.metrics.unanswered(len(one.decision.broken))
            _seldom.warning(
                "Rules of the policy cannot be answered, so people look.",
                why=f"version {one.policy_version}: {', '.join(one.decision.broken)}",
            )

    def tide(self, facts: Facts, now: datetime) -> flood.Tide:
        """Which of the signals are in a flood."""
        signals = _signals(facts)
        if not signals:
            return flood.Tide()
        with self.database.glancing() as work:
            return flood.tide(work, signals, now, self.settings.flood_floor)

    def put_on_record(
        self,
        one: RecordedDecision,
        actor: Actor,
        call: Call,
        answer: dict[str, Any],
        tide: flood.Tide,
    ) -> None:
        """All of it or nothing."""
        decision, now = one.decision, one.decided_at

        def write(work: Work) -> None:
            Decisions(work).add(one)
            flood.count(work, [int(match["signal"]) for match in one.facts["matches"]], now)
            self._alarm(work, one, actor, tide)
            if decision.action is not Action.ALLOW or decision.notify:
                payload: dict[str, object] = {
                    "media_id": str(one.media.id),
                    "decision_id": str(one.id),
                    "action": decision.action.value,
                    "notify": list(decision.notify),
                }
                put(work, actor.organisation_id, DECIDED, one.id, payload, now)
            record(
                work,
                actor.organisation_id,
                actor=actor.name,
                action="media.decide",
                subject=f"media:{one.media.id}",
                now=now,
                detail={"decision": str(one.id), "action": decision.action.value},
            )
            keep(work, call, answer)

        self.database.write(write)

    def _alarm(self, work: Work, one: RecordedDecision, actor: Actor, tide: flood.Tide) -> None:
        """Floods that begin are put on record, and people are told."""
        for each in flood.begin(work, tide.beginning, actor.organisation_id):
            payload: dict[str, object] = {"signal": str(each.signal), "hits": each.hits}
            put(work, actor.organisation_id, FLOODED, one.id, payload, one.decided_at)
            record(
                work, actor.organisation_id, actor="flood guard", action="signals.suspend",
                subject=f"signal:{each.signal}", now=one.decided_at,
                detail={"hits": each.hits, "busiest_before": each.busiest_before},
            )  # fmt: skip


def _frames(hashes: MediaHashes) -> int:
    """How many were hashed, or will have been."""
    film = hashes.film
    return film.frames if film is not None and film.is_whole else len(hashes.pictures)


def _as_if_whole(hashes: MediaHashes) -> MediaHashes:
    """What a policy shall see before the end: nothing that it would not see at the end."""
    return replace(hashes, film=hashes.film and replace(hashes.film, is_whole=True))


def _facts(
    upload: Upload,
    hashes: MediaHashes,
    found: Found,
    asked: list[Asked],
    jurisdiction: str,
    scored: Scored,
) -> Facts:
    said = upload.context
    return Facts(
        media=MediaFacts(
            type=hashes.kind.value,
            size_bytes=hashes.size_bytes,
            frames=_frames(hashes),
            problem=hashes.problem.code.value if hashes.problem else "",
            seconds=hashes.film.seconds if hashes.film else 0.0,
            is_whole=hashes.film.is_whole if hashes.film else True,
        ),
        matches=(
            *(match_of(each, asked[each.asked]) for each in found.counted),
            *scored.matches,
        ),
        suppressed=tuple(match_of(each, asked[each.asked]) for each in found.suppressed),
        scores=scored.scores,
        unanswered=scored.unanswered,
        uploader=upload.uploader,
        context=ContextFacts(said.surface, jurisdiction, said.labels),
    )


def _signals(facts: Facts) -> list[int]:
    return sorted({int(match.signal) for match in facts.matches})


def _call_of(upload: Upload, actor: Actor) -> Call:
    if upload.key is None:
        return Call(actor.organisation_id, None, b"")
    said = repr((asdict(upload.uploader), asdict(upload.context))).encode()
    return Call(actor.organisation_id, upload.key, digest_of_request(upload.data, said))
