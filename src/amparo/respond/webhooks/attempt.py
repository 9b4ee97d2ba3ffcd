"""One attempt at a delivery: signed, sent, and what came of it on record."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

import structlog
from sqlalchemy import select, update

from amparo.access.people.secrets import AccessKey
from amparo.core.clock import Clock
from amparo.core.errors import AmparoError, Invalid
from amparo.db import Database, Work
from amparo.net.post import Answered, Poster
from amparo.respond.webhooks.model import BACK_OFF, State, WebhookId
from amparo.respond.webhooks.store import sealed_secrets
from amparo.respond.webhooks.tables import DeliveryRow, WebhookRow
from amparo.respond.webhooks.take import Take
from amparo.wire.signature import ID, SIGNATURE, TIMESTAMP, signature

GONE = 410

_NOT_OPENED = (
    "Its secret cannot be opened with this host's access key. Give all hosts the same "
    "AMPARO_ACCESS_KEY_FILE, or change the webhook's secret; then resume it."
)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, repr=False)
class _Message:
    webhook: WebhookId
    url: str
    body: bytes
    sealed: tuple[bytes, ...]
    attempts: int


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of it: an answer, or why there was none."""

    answer: Answered | None
    error: str | None

    @property
    def is_good(self) -> bool:
        return self.answer is not None and 200 <= self.answer.status < 300

    @property
    def is_gone(self) -> bool:
        return self.answer is not None and self.answer.status == GONE


class _Turn(Enum):
    """What an attempt changed for the webhook itself, as the log has it."""

    FAILING = "A webhook takes no messages; they are tried again."
    RECOVERED = "A webhook takes messages again."
    SUSPENDED = "A webhook is suspended; its messages wait until it is resumed."


@dataclass(frozen=True, slots=True)
class Sender:
    """Makes attempts for one worker. Called from any number of threads."""

    database: Database
    poster: Poster
    key: AccessKey
    clock: Clock
    worker: str
    _told: set[tuple[WebhookId, str]] = field(default_factory=set, init=False, repr=False)

    def attempt(self, take: Take) -> None:
        """Send it, unless another worker has it by now. Raises Unavailable.

        Whatever keeps it from being sent is a failed attempt, and is on record as one.
        """
        with self.database.reading() as work:
            message = self._message(work, take)
        if message is None:
            return
        outcome = self._send(take, message)
        with self.database.work() as work:
            turn = _write(work, take, message, outcome, self.worker, self.clock.now())
        if turn is not None:
            why = outcome.error or (outcome.answer and f"answered {outcome.answer.status}")
            level = _log.info if turn is _Turn.RECOVERED else _log.warning
            level(turn.value, webhook=str(message.webhook), why=why)

    def _message(self, work: Work, take: Take) -> _Message | None:
        row = work.execute(
            select(DeliveryRow.webhook_id, DeliveryRow.body, DeliveryRow.attempts, WebhookRow.url)
            .join(WebhookRow, WebhookRow.id == DeliveryRow.webhook_id)
            .where(
                DeliveryRow.id == take.delivery,
                DeliveryRow.takes == take.number,
                DeliveryRow.taken_by == self.worker,
                DeliveryRow.state == State.WAITING.value,
            )
        ).one_or_none()
        if row is None:
            return None
        webhook = WebhookId(row.webhook_id)
        sealed = sealed_secrets(work, webhook, self.clock.now())
        return _Message(webhook, row.url, row.body.encode(), sealed, row.attempts)

    def _send(self, take: Take, message: _Message) -> _Outcome:
        try:
            secrets = self._opened(message)
            headers = self._headers(take, message, secrets)
            answer = self.poster.post(message.url, headers, message.body)
        except AmparoError as error:
            return _Outcome(None, error.message[:200])
        except Exception as error:  # noqa: BLE001 (or it would be due again at once, for ever)
            why = f"It could not be sent ({type(error).__name__}); the server's log says more."
            self._tell(message.webhook, why, error)
            return _Outcome(None, why[:200])
        self._forget(message.webhook)
        return _Outcome(answer, None)

    def _opened(self, message: _Message) -> list[str]:
        try:
            return [self.key.open(each).decode() for each in message.sealed]
        except Invalid as error:
            self._tell(message.webhook, _NOT_OPENED, None)
            raise Invalid(_NOT_OPENED, code=error.code) from error

    def _headers(self, take: Take, message: _Message, secrets: list[str]) -> dict[str, str]:
        at = int(self.clock.now().timestamp())
        signed = (signature(each, str(take.delivery), at, message.body) for each in secrets)
        return {
            "Content-Type": "application/json",
            "Content-Length": str(len(message.body)),
            ID: str(take.delivery),
            TIMESTAMP: str(at),
            SIGNATURE: " ".join(signed),
        }

    def _tell(self, webhook: WebhookId, why: str, error: Exception | None) -> None:
        """Once, until something was sent there again: its back-log fails for the same reason."""
        if (webhook, why) not in self._told:
            self._told.add((webhook, why))
            _log.error("A webhook cannot be told.", webhook=str(webhook), why=why, exc_info=error)

    def _forget(self, webhook: WebhookId) -> None:
        for each in tuple(self._told):
            if each[0] == webhook:
                self._told.discard(each)


def _write(
    work: Work, take: Take, message: _Message, outcome: _Outcome, worker: str, now: datetime
) -> _Turn | None:
    values: dict[str, object] = {
        "taken_by": None,
        "attempts": message.attempts + 1,
        "last_status": outcome.answer and outcome.answer.status,
        "last_error": outcome.error,
    }
    is_last = message.attempts >= len(BACK_OFF)
    if outcome.is_good:
        values |= {"state": State.DELIVERED.value, "ended_at": now, "body": ""}
    elif is_last and not outcome.is_gone:
        values |= {"state": State.DEAD.value, "ended_at": now}
    else:
        values["next_at"] = now + _wait(message.attempts, outcome)
    done = work.execute(
        update(DeliveryRow)
        .where(
            DeliveryRow.id == take.delivery,
            DeliveryRow.takes == take.number,
            DeliveryRow.taken_by == worker,
        )
        .values(**values)
    )
    return _note(work, message.webhook, outcome, is_last, now) if done.rowcount else None


def _note(
    work: Work, webhook: WebhookId, outcome: _Outcome, is_last: bool, now: datetime
) -> _Turn | None:
    """What it says of the webhook itself."""
    here = update(WebhookRow).where(WebhookRow.id == webhook)
    if outcome.is_good:
        failed = here.where(WebhookRow.failing_since.is_not(None))
        return _Turn.RECOVERED if work.execute(failed.values(failing_since=None)).rowcount else None
    began = here.where(WebhookRow.failing_since.is_(None)).values(failing_since=now)
    turn = _Turn.FAILING if work.execute(began).rowcount else None
    told = here.where(WebhookRow.suspended.is_(None))
    if outcome.is_gone:
        suspended = told.values(suspended="It has answered that it is gone (410).")
    elif is_last:
        silent = WebhookRow.failing_since < now - sum(BACK_OFF, timedelta(0)) / 2
        suspended = told.where(silent).values(suspended="It has taken nothing for a day.")
    else:
        return turn
    return _Turn.SUSPENDED if work.execute(suspended).rowcount else turn


def _wait(attempts: int, outcome: _Outcome) -> timedelta:
    own = BACK_OFF[min(attempts, len(BACK_OFF) - 1)]
    asked = outcome.answer.retry_after_s if outcome.answer else None
    return own if asked is None else max(own, timedelta(seconds=asked))
