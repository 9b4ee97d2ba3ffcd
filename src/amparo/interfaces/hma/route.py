"""How each call under /hma begins: with a key, before anything else is read."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response

from amparo.core.errors import Denied
from amparo.interfaces.calls.callers import KnownCaller, sends_key


class KeyedCall(KnownCaller):
    """A route for keys alone: a page in a browser must not fetch by somebody's session."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Raises Denied where no key is sent."""
        handle = super().get_route_handler()

        async def handle_keyed(request: Request) -> Response:
            if not await sends_key(request):
                raise Denied("Send a key as `Authorization: Bearer …`.")
            return await handle(request)

        return handle_keyed
