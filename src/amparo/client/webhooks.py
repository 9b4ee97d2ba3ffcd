"""For those whom Amparo tells: a message is checked, and read into events."""

from collections.abc import Mapping

from pydantic import ValidationError

from amparo.wire.events import (
    CallerUnusual,
    Event,
    MediaDecided,
    Message,
    NoticeAnswered,
    NoticeOverdue,
    NoticeReceived,
    OtherEvent,
    SignalFlooded,
    WebhookTest,
)
from amparo.wire.signature import ID, SIGNATURE, TIMESTAMP, NotGenuine, verify

__all__ = [
    "CallerUnusual",
    "MediaDecided",
    "NotGenuine",
    "NoticeAnswered",
    "NoticeOverdue",
    "NoticeReceived",
    "OtherEvent",
    "SignalFlooded",
    "WebhookTest",
    "received",
]


def received(
    headers: Mapping[str, str], body: bytes, secret: str, *, now: float | None = None
) -> list[Event]:
    """The events of a message, whose `body` is given as it came.

    The same event may come twice, under one `id`. Raises NotGenuine for what Amparo has not sent
    lately with this secret; ValueError where the secret is none.
    """
    said = {name.lower(): value for name, value in headers.items()}
    missing = [name for name in (ID, TIMESTAMP, SIGNATURE) if name not in said]
    if missing:
        raise NotGenuine(f"The message has no {missing[0]}.")
    verify(secret, said[ID], said[TIMESTAMP], said[SIGNATURE], body, now=now)
    try:
        return Message.model_validate_json(body, extra="ignore").events
    except ValidationError:
        raise NotGenuine(
            "The message is signed, but this version of amparo.client cannot read it; see which "
            "version the server has."
        ) from None  # the other error shows what was in it
