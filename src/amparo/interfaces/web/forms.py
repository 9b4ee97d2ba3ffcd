"""Forms: what a page of ours sends, and nobody else's, known by a token that both halves carry."""

import secrets
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, HTTPException, Request

from amparo.access.people.secrets import AccessKey
from amparo.app.serving import Serving
from amparo.core.errors import Denied
from amparo.core.settings import Settings
from amparo.interfaces.web.cookies import form_cookie, session_token

MOST_BYTES = 64 * 1024
_MOST_FIELDS = 50
TOKEN = "form_token"  # noqa: S105 (the name of a field)

Fields = Mapping[str, str]


async def read_form(request: Request) -> Fields:
    """The fields of a form that a page of ours has sent. Raises Denied, HTTPException 400, 413."""
    serving = request.app.state.serving
    assert isinstance(serving, Serving)
    fields = _fields(await small_body(request))
    cookie = _cookie(request, serving.settings)
    if cookie is None:
        where = serving.settings.public_url
        raise Denied(f"No cookie came with this; open {where}/console/.", code="no_cookie")
    if not serving.access_key.is_form_token(fields.get(TOKEN, ""), cookie):
        raise Denied("This form is too old; open the page again.", code="form_stale")
    return fields


Form = Annotated[Fields, Depends(read_form)]


def address_of(request: Request) -> str:
    """Where a call comes from, as far as a proxy that is trusted says so."""
    return request.client.host if request.client else "unknown"


def token_for(request: Request, key: AccessKey, settings: Settings) -> tuple[str, str | None]:
    """What the forms of a page carry, and the cookie to be set where the browser has none."""
    cookie = _cookie(request, settings)
    if cookie is not None:
        return key.form_token(cookie), None
    made = secrets.token_urlsafe(32)
    return key.form_token(made), made


def _cookie(request: Request, settings: Settings) -> str | None:
    return session_token(request, settings) or form_cookie(request, settings)


async def small_body(request: Request) -> bytes:
    """The body of a request that has little to say. Raises HTTPException 413."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise HTTPException(413, "This may have 64 KiB.")
    return bytes(body)


def _fields(body: bytes) -> dict[str, str]:
    try:
        return dict(
            parse_qsl(
                body.decode("ascii"),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=_MOST_FIELDS,
            )
        )
    except ValueError as error:
        raise HTTPException(400, "This is not a form.") from error
