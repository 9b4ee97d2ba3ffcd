"""The client: one object for all that a platform asks of its Amparo."""

import os
from types import TracebackType
from typing import Self

import httpx2

from amparo.client.calls.asking import read
from amparo.client.calls.lists import Lists
from amparo.client.calls.notices import Notices
from amparo.client.calls.texts import Texts
from amparo.client.calls.uploads import Uploads
from amparo.client.calls.webhooks import Webhooks
from amparo.client.channel import Call, Channel
from amparo.client.patience import Patience
from amparo.wire.readiness import Readiness


class Amparo(Uploads, Texts, Lists, Notices, Webhooks):
    """An Amparo at `url`, called with `key`: `AMPARO_URL` and `AMPARO_KEY` where none is given.

    Make one and use it from all threads: it keeps its connections. An attempt may take `timeout_s`,
    and what is safe to repeat is repeated with `patience`. The key goes to that address alone: no
    redirect is followed and no proxy of the environment is used; for a proxy or for certificates of
    your own give a `transport`. Raises NotSent where address or key cannot be right.
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        timeout_s: float = 30,
        patience: Patience | None = None,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._channel = Channel(
            os.environ.get("AMPARO_URL", "") if url is None else url,
            os.environ.get("AMPARO_KEY", "") if key is None else key,
            timeout_s=timeout_s,
            patience=patience or Patience(),
            transport=transport,
        )

    def __repr__(self) -> str:
        return f"Amparo({self._channel.origin!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._channel.close()

    def ready(self) -> Readiness:
        """Whether it may be sent requests, and by how much its lists lag. Raises CallFailed."""
        call = Call("GET", "/readyz", repeatable=True, has_key=False, answers=frozenset({503}))
        return read(self._channel.ask(call), Readiness)
