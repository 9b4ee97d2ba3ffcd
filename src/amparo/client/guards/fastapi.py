"""A guard for upload fields of FastAPI: a dependency that the file goes through."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated

from anyio import CapacityLimiter, to_thread
from fastapi import File, HTTPException, Request, UploadFile

from amparo.client.amparo import Amparo
from amparo.client.guards.judging import (
    MOST_BYTES,
    NOT_TAKEN,
    TRY_LATER,
    Judge,
    NotTaken,
    TryLater,
    WhenAway,
    decision_of,
)
from amparo.wire.media import Context, Uploader

__all__ = ["Guard", "decision_of"]

_AT_ONCE = 32


class Guard:
    """Guards upload fields: `file: Annotated[UploadFile, Depends(guard("file"))]`.

    What is held, blocked, empty or longer than `most_bytes` is answered with 422 and `refusal`;
    where nothing could be decided, with 503 and `later`, unless `when_away` keeps the file. Who
    uploads, and where, say `uploader` and `context`, asked with the request.
    """

    def __init__(
        self,
        amparo: Amparo,
        *,
        uploader: Callable[[Request], Uploader | str | None] | None = None,
        context: Callable[[Request], Context | None] | None = None,
        most_bytes: int = MOST_BYTES,
        when_away: WhenAway | None = None,
        refusal: str = NOT_TAKEN,
        later: str = TRY_LATER,
    ) -> None:
        self._judge = Judge(amparo, most_bytes, when_away)
        self._uploader = uploader
        self._context = context
        self._refusal = refusal
        self._later = later
        # Threads of their own: while Amparo is slow, other routes have all of theirs.
        self._threads = CapacityLimiter(_AT_ONCE)

    def __call__(self, field: str) -> Callable[..., Awaitable[UploadFile]]:
        """The dependency for the form's field of this name."""

        async def guarded(
            request: Request, file: Annotated[UploadFile, File(alias=field)]
        ) -> UploadFile:
            await self._check(request, file)
            return file

        return guarded

    async def _check(self, request: Request, file: UploadFile) -> None:
        """Raises HTTPException unless the file goes through."""
        uploader = self._uploader(request) if self._uploader else None
        context = self._context(request) if self._context else None
        judge = partial(self._judge.judge, file.file, uploader, context)
        try:
            decision = await to_thread.run_sync(judge, limiter=self._threads)
        except NotTaken:
            raise HTTPException(422, self._refusal) from None
        except TryLater as error:
            raise HTTPException(503, self._later, headers={"Retry-After": "30"}) from error
        file.amparo_decision = decision  # type: ignore[attr-defined]  # for decision_of
