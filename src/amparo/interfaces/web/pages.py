"""Pages: a template filled, in the reader's language, with headers that let nothing else in."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from fastapi import Request
from fastapi.responses import HTMLResponse

from amparo.access.people.model import Language
from amparo.app.serving import Serving
from amparo.interfaces.web.cookies import keep_form
from amparo.interfaces.web.forms import TOKEN, token_for
from amparo.interfaces.web.languages import COOKIE, language_of, translations

if TYPE_CHECKING:
    from jinja2 import Environment

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src 'self' data:",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def page(
    request: Request,
    template: str,
    said: Mapping[str, object] = MappingProxyType({}),
    *,
    status: int = 200,
    language: Language | None = None,
) -> HTMLResponse:
    """The page; `template` is `FOLDER/NAME`, `language` the reader's where that is known."""
    serving = request.app.state.serving
    assert isinstance(serving, Serving)
    spoken = language or language_of(request)
    token, made = token_for(request, serving.access_key, serving.settings)
    hidden = {"form_field": TOKEN, "form_token": token, "language": spoken.value}
    text = _environment(spoken).get_template(template).render({**said, **hidden})
    answer = HTMLResponse(text, status_code=status, headers=_HEADERS)
    if serving.settings.public_url.startswith("https:"):
        answer.headers["Strict-Transport-Security"] = "max-age=31536000"
    if made is not None:
        keep_form(answer, made, serving.settings)
    if "language" in request.query_params:
        answer.set_cookie(COOKIE, spoken.value, httponly=True, samesite="lax", path="/")
    return answer


@lru_cache(maxsize=len(Language))
def _environment(language: Language) -> "Environment":
    from jinja2 import (
        Environment,
        PackageLoader,
        PrefixLoader,
        StrictUndefined,
        select_autoescape,
    )

    environment = Environment(
        loader=PrefixLoader(
            {
                "web": PackageLoader("amparo.interfaces.web"),
                "console": PackageLoader("amparo.interfaces.console"),
            }
        ),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    return environment
