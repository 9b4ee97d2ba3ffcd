"""What people write: texts and searches decided, links looked up."""

from collections.abc import Iterable
from typing import TypeVar
from uuid import uuid4

from pydantic import BaseModel

from amparo.client.body import JsonBody
from amparo.client.calls.asking import Asking, made, read
from amparo.client.channel import Call
from amparo.wire.media import Context, Uploader
from amparo.wire.texts import (
    SearchAnswer,
    SearchSubmission,
    TextAnswer,
    TextSubmission,
    UrlsAnswer,
    UrlsRequest,
)

M = TypeVar("M", bound=BaseModel)


class Texts(Asking):
    """Calls about what people write."""

    def decide_text(
        self,
        text: str,
        *,
        accounts: Iterable[str] = (),
        emails: Iterable[str] = (),
        uploader: Uploader | None = None,
        context: Context | None = None,
        idempotency_key: str | None = None,
    ) -> TextAnswer:
        """The decision on a text, and on accounts and addresses beside it. Raises CallFailed.

        It is tried again under one key, so that a text is decided once.
        """
        said = made(
            TextSubmission, text=text, accounts=tuple(accounts), emails=tuple(emails),
            **_given(uploader=uploader, context=context),
        )  # fmt: skip
        return self._once("/v1/texts", said, TextAnswer, idempotency_key)

    def decide_search(
        self, query: str, *, uploader: Uploader | None = None, idempotency_key: str | None = None
    ) -> SearchAnswer:
        """Whether a search is to be blocked, and what to show. Raises CallFailed."""
        said = made(SearchSubmission, query=query, **_given(uploader=uploader))
        return self._once("/v1/searches", said, SearchAnswer, idempotency_key)

    def look_up_urls(self, urls: Iterable[str]) -> UrlsAnswer:
        """What up to 1000 links match. Raises CallFailed."""
        asked = made(UrlsRequest, urls=tuple(urls))
        body = JsonBody(asked.model_dump_json().encode())
        call = Call("POST", "/v1/urls", body=body, repeatable=True)
        return read(self._channel.ask(call), UrlsAnswer)

    def _once(self, path: str, said: BaseModel, kind: type[M], key: str | None) -> M:
        body = JsonBody(said.model_dump_json().encode())
        key = key or str(uuid4())
        call = Call("POST", path, body=body, idempotency_key=key, repeatable=True)
        return read(self._channel.ask(call), kind)


def _given(**said: BaseModel | None) -> dict[str, object]:
    return {name: value.model_dump() for name, value in said.items() if value is not None}
