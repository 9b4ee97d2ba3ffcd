"""Webhooks: where the platform is told what happens, and what became of each message."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from amparo.client.calls.asking import Asking, made, moved_on, part
from amparo.wire.webhooks import (
    DeliveriesPage,
    DeliveryAnswer,
    EventName,
    NewWebhook,
    Replayed,
    StateName,
    WebhookAnswer,
    WebhookMade,
)

_PAGE = 1000


class Webhooks(Asking):
    """Calls about webhooks."""

    def webhooks(self) -> list[WebhookAnswer]:
        """The organisation's webhooks, the oldest first. Raises CallFailed."""
        return self._get("/v1/webhooks", list[WebhookAnswer])

    def webhook(self, webhook: UUID | str) -> WebhookAnswer:
        """One of them, and how many messages are in which state. Raises CallFailed."""
        return self._get(_path(webhook), WebhookAnswer)

    def create_webhook(self, url: str, events: Iterable[EventName] = ()) -> WebhookMade:
        """Have messages sent to a URL, about everything or some; keep the secret.

        `amparo.client.webhooks.received` reads them there.
        """
        body = made(NewWebhook, url=url, events=list(events))
        return self._post("/v1/webhooks", body, WebhookMade)

    def remove_webhook(self, webhook: UUID | str) -> None:
        """Send nothing there any more; what waits is dropped. Raises CallFailed."""
        self._do("DELETE", _path(webhook))

    def rotate_webhook(self, webhook: UUID | str) -> WebhookMade:
        """A new secret; for a day both sign. Raises CallFailed."""
        return self._post(f"{_path(webhook)}/secret", None, WebhookMade)

    def resume_webhook(self, webhook: UUID | str) -> None:
        """Try a suspended one again, with all that waits. Raises CallFailed."""
        self._do("POST", f"{_path(webhook)}/resumption")

    def deliveries(
        self, webhook: UUID | str, *, state: StateName = "dead"
    ) -> Iterator[DeliveryAnswer]:
        """Messages in a state, by age; pages are asked for as they are needed."""
        after: str | None = None
        path = f"{_path(webhook)}/deliveries"
        while True:
            page = self._get(path, DeliveriesPage, state=state, after=after, limit=_PAGE)
            yield from page.deliveries
            if page.next is None:
                return
            after = moved_on(after or "", str(page.next))

    def replay(self, webhook: UUID | str, delivery: UUID | str | None = None) -> int:
        """Send again all that was given up, or one message; how many. Raises CallFailed."""
        path = f"{_path(webhook)}/replays"
        if delivery is not None:
            path = f"{_path(webhook)}/deliveries/{part('A delivery', delivery)}/replay"
        return self._post(path, None, Replayed).replayed


def _path(webhook: UUID | str) -> str:
    return f"/v1/webhooks/{part('A webhook', webhook)}"
