"""Uploads: sent for a decision, asked about again; hashes looked up."""

from collections.abc import Iterable, Iterator
from typing import Literal
from uuid import UUID, uuid4

from amparo.client.body import Body, FileBody, JsonBody, Source, opened
from amparo.client.calls.asking import Asking, made, moved_on, part, read
from amparo.client.channel import Call
from amparo.wire.matches import AskedHash, MatchesAnswer, MatchesRequest
from amparo.wire.media import (
    Context,
    DecisionsPage,
    MediaAnswer,
    MediaMetadata,
    Uploader,
    UrlSubmission,
)

ActionName = Literal["allow", "review", "hold", "block"]
_PAGE = 500


class Uploads(Asking):
    """Calls about uploads."""

    def submit(
        self,
        file: Source,
        *,
        uploader: Uploader | str | None = None,
        context: Context | None = None,
        idempotency_key: str | None = None,
    ) -> MediaAnswer:
        """The decision on a file: bytes, a path, or an open file, which is read whole.

        It is tried again under one key, so that an upload is decided once. The file's name is not
        sent. Raises CallFailed, and OSError where the file cannot be read.
        """
        said = made(MediaMetadata, **_said(uploader, context))
        with opened(file) as (stream, size_bytes):
            body = FileBody(stream, size_bytes, said.model_dump_json().encode())
            return self._submit(body, idempotency_key)

    def submit_url(
        self,
        url: str,
        *,
        uploader: Uploader | str | None = None,
        context: Context | None = None,
        idempotency_key: str | None = None,
    ) -> MediaAnswer:
        """The decision on a file that Amparo fetches itself. Raises CallFailed."""
        said = made(UrlSubmission, url=url, **_said(uploader, context))
        return self._submit(JsonBody(said.model_dump_json().encode()), idempotency_key)

    def media(self, media_id: str | UUID) -> MediaAnswer:
        """What was decided on an upload. Raises CallFailed."""
        return self._get(f"/v1/media/{part('A media_id', media_id)}", MediaAnswer)

    def decisions(self, *, action: ActionName | None = None) -> Iterator[MediaAnswer]:
        """All decisions, the newest first; pages are asked for as they are needed."""
        before: str | None = None
        while True:
            page = self._get(
                "/v1/decisions", DecisionsPage, limit=_PAGE, before=before, action=action
            )
            yield from page.decisions
            if page.next is None:
                return
            before = moved_on(before or "", page.next)

    def match(self, hashes: Iterable[AskedHash]) -> MatchesAnswer:
        """What up to 1000 hashes match. Variants are not made of them. Raises CallFailed."""
        asked = made(MatchesRequest, hashes=tuple(hashes))
        body = JsonBody(asked.model_dump_json().encode())
        call = Call("POST", "/v1/matches", body=body, repeatable=True)
        return read(self._channel.ask(call), MatchesAnswer)

    def _submit(self, body: Body, key: str | None) -> MediaAnswer:
        key = key or str(uuid4())
        call = Call("POST", "/v1/media", body=body, idempotency_key=key, repeatable=True)
        return read(self._channel.ask(call), MediaAnswer)


def _said(uploader: Uploader | str | None, context: Context | None) -> dict[str, object]:
    if isinstance(uploader, str):
        uploader = made(Uploader, id=uploader)
    said = {"uploader": uploader, "context": context}
    return {name: value for name, value in said.items() if value is not None}
