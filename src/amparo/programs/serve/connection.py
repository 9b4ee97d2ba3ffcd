"""Connections that say in time what they want: a byte now and then keeps none of them open."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADERS_S = 20.0
"""From the connection, or from the first byte of a further request, to the end of its headers."""

BODY_S = 600.0
"""For whatever body; routes that take uploads have their own, shorter limit."""


class Connection(HttpToolsProtocol):
    """One connection; it is closed when a request does not arrive in time."""

    headers_s = HEADERS_S
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a first request."""
        super().connection_made(transport)
        self._expect(self.headers_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing more is waited for."""
        self._expect(None)
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Wait for the headers."""
        super().on_message_begin()
        self._expect(self.headers_s)

    def on_headers_complete(self) -> None:
        """Wait for the body."""
        super().on_headers_complete()
        self._expect(BODY_S)

    def on_message_complete(self) -> None:
        """All of it is here."""
        super().on_message_complete()
        self._expect(None)

    def _expect(self, seconds: float | None) -> None:
        if self._late is not None:
            self._late.cancel()
        self._late = None if seconds is None else self.loop.call_later(seconds, self._close)

    def _close(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
