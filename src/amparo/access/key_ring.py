"""Who holds a key, told in microseconds and also while the database is away."""

import threading
from dataclasses import dataclass

from amparo.access.keys import actor_of, find_key, parts_of
from amparo.access.model import Actor, Key
from amparo.core.clock import Clock
from amparo.core.errors import Denied, Unavailable
from amparo.core.ids import KeyId
from amparo.db import Database

FRESH_S = 1.0
"""So long a key that was taken back may still be used."""

_MOST_KEYS = 10_000


@dataclass(slots=True)
class _Known:
    key: Key
    secret_sha256: bytes
    asked_at: float


class KeyRing:
    """Keys that were used lately. Safe from any thread."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known: dict[KeyId, _Known] = {}
        self._changing = threading.Lock()

    def fresh(self, token: str) -> Actor | None:
        """Who holds it, where that needs no question to the database. Raises Denied."""
        key_id, secret = parts_of(token)
        known = self._known.get(key_id)
        if known is None or abs(self._clock.now().timestamp() - known.asked_at) > FRESH_S:
            return None
        return actor_of(known.key, known.secret_sha256, secret, self._clock.now())

    def actor(self, token: str) -> Actor:
        """Who holds it. Raises Denied; Unavailable where the database is away and it is unknown."""
        actor = self.fresh(token)
        if actor is not None:
            return actor
        key_id, secret = parts_of(token)
        try:
            with self._database.reading() as work:
                key, secret_sha256 = find_key(work, token)
        except Unavailable:
            known = self._known.get(key_id)
            if known is None:
                raise
            key, secret_sha256 = known.key, known.secret_sha256
        except Denied:
            self._known.pop(key_id, None)
            raise
        actor = actor_of(key, secret_sha256, secret, self._clock.now())
        self._keep(key, secret_sha256)
        return actor

    def _keep(self, key: Key, secret_sha256: bytes) -> None:
        with self._changing:
            if len(self._known) >= _MOST_KEYS:
                self._known.clear()
            self._known[key.id] = _Known(key, secret_sha256, self._clock.now().timestamp())
