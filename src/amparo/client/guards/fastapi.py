"""A guard for upload fields of FastAPI: a dependency that the file goes through."""

from collections.abc import Awaitable, Callable
from functools import partial
from inspect import isawaitable
from typing import Annotated, TypeVar

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

T = TypeVar("T")

Asked = Callable[[Request], T | Awaitable[T]]
"""Asked with the request: a function, which may block, or an async one."""

_AT_ONCE = 32


class Guard:
    """Guards upload fields: `file: Annotated[UploadFile, Depends(guard("file"))]`.

    What is held, blocked, empty or longer than `most_bytes` is answered with 422 and `refusal`;
    where nothing could be decided, with 503 and `later`, unless `when_away` keeps the file. Who
    uploads, and where, say `uploader` and `context`, asked with the request: async functions are
    awaited, others run in a thread of the guard's.
    """

    def __init__(
        self,
        amparo: Amparo,
        *,
        uploader: Asked[Uploader | str | None] | None = None,
        context: Asked[Context | None] | None = None,
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
        uploader: Uploader | str | None = await self._said(self._uploader, request)
        context: Context | None = await self._said(self._context, request)
        judge = partial(self._judge.judge, file.file, uploader, context)
        try:
            decision = await to_thread.run_sync(judge, limiter=self._threads)
        except NotTaken:
            raise HTTPException(422, self._refusal) from None
        except TryLater as error:
            raise HTTPException(503, self._later, headers={"Retry-After": "30"}) from error
        file.amparo_decision = decision  # type: ignore[attr-defined]  # for decision_of

    async def _said(self, asked: Asked[T] | None, request: Request) -> T | None:
        """What the platform says of the request."""
        if asked is None:
            return None
        # In a thread an async function only makes what is awaited here, however it is wrapped.
        said = await to_thread.run_sync(asked, request, limiter=self._threads)
        return await said if isawaitable(said) else said
