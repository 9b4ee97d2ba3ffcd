"""Whose turn it is where more is due than there are places: organisations first, then webhooks."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from uuid import UUID

from amparo.core.ids import OrganisationId
from amparo.respond.webhooks.model import DeliveryId, WebhookId


@dataclass(slots=True)
class Queue:
    """What is due to a webhook: the first since `oldest`, and `room` more may be under way."""

    webhook: WebhookId
    organisation: OrganisationId
    oldest: datetime
    under_way: int
    room: int
    due: Iterator[DeliveryId]


class Turns:
    """A worker's memory of who had a place last. Used by one thread at a time."""

    def __init__(self) -> None:
        self._turn = count(1)
        self._last: dict[UUID, int] = {}

    def share(
        self, queues: Iterable[Queue], under_way: Counter[OrganisationId], most: int
    ) -> list[DeliveryId]:
        """Who has the fewest under way is next, then who had a place longest ago; `most` in all.

        So an organisation has one place more than another only where the other wants none.
        """
        left, places = [each for each in queues if each.room > 0], under_way.copy()
        chosen: list[DeliveryId] = []
        while left and len(chosen) < most:
            queue = min(left, key=lambda each: self._order(each, places))
            delivery = next(queue.due, None)
            if delivery is None:
                left.remove(queue)
                continue
            chosen.append(delivery)
            self._served(queue, places)
            if not queue.room:
                left.remove(queue)
        return chosen

    def _order(self, queue: Queue, places: Counter[OrganisationId]) -> tuple[object, ...]:
        return (
            places[queue.organisation],
            self._last.get(queue.organisation, 0),
            queue.under_way,
            self._last.get(queue.webhook, 0),
            queue.oldest,
        )

    def _served(self, queue: Queue, places: Counter[OrganisationId]) -> None:
        self._last[queue.organisation] = self._last[queue.webhook] = next(self._turn)
        places[queue.organisation] += 1
        queue.under_way += 1
        queue.room -= 1
