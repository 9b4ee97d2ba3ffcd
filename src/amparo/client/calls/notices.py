"""Notices: what somebody tells, asked about and answered."""

from uuid import uuid4

from amparo.client.body import Body, FileBody, JsonBody, Source, opened
from amparo.client.calls.asking import Asking, made, part, read
from amparo.client.channel import Call, sendable
from amparo.wire.notices import (
    LanguageName,
    NoticeAcknowledged,
    NoticeAnswer,
    NoticeSaid,
    NoticeShown,
    NoticeStatus,
    NoticeTold,
    OutcomeName,
)

_MOST = 1000


class Notices(Asking):
    """Calls about notices."""

    def tell(
        self, notice: NoticeSaid, file: Source | None = None, *, idempotency_key: str | None = None
    ) -> NoticeAcknowledged:
        """Pass a notice on, with a file or without; show `number` and `secret` to whoever told.

        It is tried again under one key. Raises CallFailed, and OSError.
        """
        said = notice.model_dump_json().encode()
        if file is None:
            return self._tell(JsonBody(said), idempotency_key)
        with opened(file) as (stream, size_bytes):
            return self._tell(FileBody(stream, size_bytes, said), idempotency_key)

    def notice_status(
        self, number: str, secret: str, *, language: LanguageName | None = None
    ) -> NoticeStatus:
        """What became of a notice, for whoever has its secret; no key is sent."""
        call = Call(
            "GET",
            _path(number),
            {"language": language} if language else {},
            headers={"X-Notice-Secret": sendable("The secret", secret)},
            repeatable=True,
            has_key=False,
        )
        return read(self._channel.ask(call), NoticeStatus)

    def notices(self, *, answered: bool = False) -> list[NoticeShown]:
        """Up to 1000 that wait, the one that is due first first; or those answered."""
        return self._get(
            "/v1/notices", list[NoticeShown], answered=str(answered).lower(), limit=_MOST
        )

    def notice(self, number: str) -> NoticeTold:
        """All that was told, and what lists say of the file; the look is on record."""
        return self._get(f"{_path(number)}/told", NoticeTold)

    def answer_notice(self, number: str, outcome: OutcomeName, why: str) -> NoticeShown:
        """Say what was done and why, once; whoever told will read it. Raises CallFailed."""
        body = made(NoticeAnswer, outcome=outcome, why=why)
        return self._post(f"{_path(number)}/answer", body, NoticeShown)

    def _tell(self, body: Body, key: str | None) -> NoticeAcknowledged:
        key = key or str(uuid4())
        call = Call("POST", "/v1/notices", body=body, idempotency_key=key, repeatable=True)
        return read(self._channel.ask(call), NoticeAcknowledged)


def _path(number: str) -> str:
    return f"/v1/notices/{part('The number of a notice', number)}"
