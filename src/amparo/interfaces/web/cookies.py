"""Cookies: of a session, of a form before there is one, of a browser; what each may be."""

from fastapi import Request, Response

from amparo.core.settings import Settings

_SESSION = "amparo"
_FORM = "amparo_form"
_PROVIDER = "amparo_provider"
_KNOWN = "amparo_known"
_KNOWN_S = 180 * 86400


def session_token(request: Request, settings: Settings) -> str | None:
    """What the browser sends of a session; None where it sends none."""
    return request.cookies.get(_named(_SESSION, settings))


def keep_session(response: Response, token: str, settings: Settings) -> None:
    """Until the browser is closed, or the session ends."""
    _keep(response, _SESSION, token, settings, same_site="strict")


def drop_session(response: Response, settings: Settings) -> None:
    """Have the browser forget it."""
    _drop(response, _SESSION, settings)


def kept_by_browser(request: Request, settings: Settings) -> str:
    """What a browser keeps in which somebody has signed in before; it lets nobody in."""
    return request.cookies.get(_named(_KNOWN, settings), "")


def keep_known(response: Response, kept: str, settings: Settings) -> None:
    """Half a year from each sign-in."""
    _keep(response, _KNOWN, kept, settings, same_site="strict", seconds=_KNOWN_S)


def form_cookie(request: Request, settings: Settings) -> str | None:
    """What tells a browser that has no session from others."""
    return request.cookies.get(_named(_FORM, settings))


def keep_form(response: Response, token: str, settings: Settings) -> None:
    """Until the browser is closed."""
    _keep(response, _FORM, token, settings, same_site="strict")


def provider_state(request: Request, settings: Settings) -> str | None:
    """What was sealed before the browser was sent to a provider."""
    return request.cookies.get(_named(_PROVIDER, settings))


def keep_provider_state(response: Response, state: str, settings: Settings) -> None:
    """Until it is back; a provider sends it back by a link, so that `strict` would lose it."""
    _keep(response, _PROVIDER, state, settings, same_site="lax")


def drop_provider_state(response: Response, settings: Settings) -> None:
    """It is back."""
    _drop(response, _PROVIDER, settings)


def _named(name: str, settings: Settings) -> str:
    """`__Host-` lets no other host and no page in the clear set it."""
    return f"__Host-{name}" if _is_secure(settings) else name


def _keep(
    response: Response,
    name: str,
    value: str,
    settings: Settings,
    *,
    same_site: str,
    seconds: int | None = None,
) -> None:
    attributes = f"Path=/; HttpOnly; SameSite={same_site.capitalize()}"
    age = "" if seconds is None else f"; Max-Age={seconds}"
    secure = "; Secure" if _is_secure(settings) else ""
    cookie = f"{_named(name, settings)}={value}; {attributes}{age}{secure}"
    response.headers.append("set-cookie", cookie)


def _drop(response: Response, name: str, settings: Settings) -> None:
    secure = "; Secure" if _is_secure(settings) else ""
    response.headers.append(
        "set-cookie", f"{_named(name, settings)}=; Path=/; Max-Age=0; HttpOnly{secure}"
    )


def _is_secure(settings: Settings) -> bool:
    return settings.public_url.startswith("https:")
