"""Notices are taken in, looked at and answered: on record, and told to the platform.

Whoever tells learns a number and a time, and nothing of what lists say: a file is hashed and held,
and looked up only when somebody looks at the notice.
"""

from dataclasses import dataclass, field

from amparo.access.audit import record
from amparo.access.keys import require
from amparo.access.model import Actor, Scope
from amparo.access.people.secrets import AccessKey
from amparo.access.repeats import Call, Unreleased, digest_of_request, keep, reserve
from amparo.app.hash_upload import UploadHasher
from amparo.app.told import match_of
from amparo.core.clock import Clock
from amparo.db import Database, Work
from amparo.db.outbox import put
from amparo.detect.deciding.model import MatchFacts
from amparo.detect.hashing.model import MediaHashes
from amparo.detect.hashing.plug_ins import algorithm_on_record
from amparo.detect.matching.host import HostIndex
from amparo.detect.matching.host.asked import Asked, asked_of
from amparo.detect.matching.match import ORIGINAL
from amparo.respond.review.notices.model import (
    Hash,
    NewNotice,
    Notice,
    Outcome,
    Sender,
    Told,
    check_why,
)
from amparo.respond.review.notices.numbers import canonical, known_form, require_secret, secret_of
from amparo.respond.review.notices.store import Notices, find
from amparo.respond.vault import Inbox

RECEIVED = "notice.received"
ANSWERED = "notice.answered"
"""Kinds of outbox rows."""

_MOST_WITH_VARIANTS = 100
"""Frames; of a longer video the turned ones would fill the database."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """What whoever tells is given: the same whatever it is about."""

    notice: Notice
    secret: str


@dataclass(frozen=True, slots=True)
class NoticeDesk:
    """Takes notices in and answers them. Called from any number of threads."""

    database: Database
    hasher: UploadHasher
    inbox: Inbox
    index: HostIndex
    key: AccessKey
    clock: Clock
    unreleased: Unreleased = field(default_factory=Unreleased)

    def take(
        self, new: NewNotice, data: bytes, idempotency_key: str | None, actor: Actor
    ) -> Acknowledged:
        """Take one in. Raises Denied where the key may not say who tells, Conflict, Invalid.

        Unavailable where it cannot be kept: then nothing was taken.
        """
        if new.sender is not Sender.USER:
            require(actor, Scope.NOTICES_TRUSTED)
        call = Call(actor.organisation_id, idempotency_key, _digest(new, data))
        self.unreleased.release(self.database)
        earlier = reserve(self.database, call, self.clock.now())
        if earlier is not None:
            return self._acknowledged(str(earlier["number"]), actor)
        try:
            hashes = _hashes(self.hasher.hash(data)) if data else ()
            held_as = self.inbox.put(data) if data else None
            notice = self._put_on_record(new, hashes, held_as, call, actor)
        except BaseException:
            self.unreleased.let_go(self.database, call)
            raise
        return Acknowledged(notice, secret_of(notice.number, self.key))

    def status(self, number: str, secret: str) -> Notice:
        """For whoever told. Raises NotFound in the same words whatever is wrong."""
        number = canonical(number)
        require_secret(number, canonical(secret), self.key)
        with self.database.reading() as work:
            return find(work, number)

    def look(self, number: str, actor: Actor) -> tuple[Told, tuple[MatchFacts, ...]]:
        """All that was told, and what lists say of the file; the look is on record.

        Raises NotFound.
        """
        told = look_at(self.database, number, self.key, actor, self.clock)
        asked = [
            Asked(
                algorithm_on_record(name, len(value) // 2),
                bytes.fromhex(value),
                quality,
                variant,
                frame,
                seconds=rest[0] if rest else None,
            )
            for name, value, quality, variant, frame, *rest in told.hashes
        ]
        found = self.index.look_up(asked, actor.organisation_id, self.clock.now()) if asked else []
        return told, tuple(
            match_of(each, asked[each.asked]) for each in found if not each.is_suppressed
        )

    def _put_on_record(
        self,
        new: NewNotice,
        hashes: tuple[Hash, ...],
        held_as: str | None,
        call: Call,
        actor: Actor,
    ) -> Notice:
        now = self.clock.now()
        with self.database.work() as work:
            notice = Notices(work, actor.organisation_id).add(
                new, hashes=hashes, held_as=held_as, key=self.key, actor=actor.name, now=now
            )
            payload: dict[str, object] = {
                "number": notice.number,
                "kind": notice.kind.value,
                "sender": notice.sender.value,
                "due_at": notice.due_at.isoformat(),
            }
            put(work, actor.organisation_id, RECEIVED, notice.id, payload, now)
            _record(work, "notices.take", actor, notice, self.clock, kind=notice.kind.value)
            keep(work, call, {"number": notice.number})
        return notice

    def _acknowledged(self, number: str, actor: Actor) -> Acknowledged:
        with self.database.reading() as work:
            notice = Notices(work, actor.organisation_id).get(number)
        return Acknowledged(notice, secret_of(number, self.key))


def look_at(database: Database, number: str, key: AccessKey, actor: Actor, clock: Clock) -> Told:
    """All that was told; the look is on record. Raises NotFound."""
    with database.work() as work:
        told = Notices(work, actor.organisation_id).told(known_form(number), key)
        _record(work, "notices.look", actor, told.notice, clock)
    return told


def answer_notice(
    database: Database, number: str, outcome: Outcome, why: str, actor: Actor, clock: Clock
) -> Notice:
    """Say what was done and why. Raises Invalid, NotFound, Conflict where somebody has."""
    check_why(why)
    number = known_form(number)
    now = clock.now()
    with database.work() as work:
        store = Notices(work, actor.organisation_id)
        notice = store.answer(number, outcome, why, actor=actor.name, now=now)
        payload: dict[str, object] = {"number": number, "outcome": outcome.value}
        put(work, actor.organisation_id, ANSWERED, notice.id, payload, now)
        _record(work, "notices.answer", actor, notice, clock, outcome=outcome.value)
    return notice


def _hashes(hashes: MediaHashes) -> tuple[Hash, ...]:
    """What is kept of a file; of a video, its frames as they are, and no variants of them."""
    is_long = len(hashes.pictures) > _MOST_WITH_VARIANTS
    return tuple(
        (
            each.algorithm.value, each.value.hex(), each.quality, each.variant, each.frame,
            each.seconds,
        )
        for each in asked_of(hashes)
        if not is_long or each.variant == ORIGINAL
    )  # fmt: skip


def _digest(new: NewNotice, data: bytes) -> bytes:
    said = (
        new.kind, new.sender, new.urls, new.explanation, new.contact, new.signature,
        new.good_faith, new.language,
    )  # fmt: skip
    return digest_of_request(data, repr(said).encode())


def _record(
    work: Work, action: str, actor: Actor, notice: Notice, clock: Clock, **detail: object
) -> None:
    record(
        work, actor.organisation_id, actor=actor.name, action=action,
        subject=f"notice:{notice.id}", now=clock.now(), detail=detail,
    )  # fmt: skip
