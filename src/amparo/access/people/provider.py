"""An OpenID provider with which people sign in: OpenID Connect Core 1.0, code flow with PKCE.

Its address comes from the operator's settings, never from who signs in.
"""

import base64
import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from amparo.access.people.discovery import Discovery, Said
from amparo.core.errors import Denied, Invalid, Unavailable
from amparo.core.settings import Settings

STATE_S = 600
"""So long somebody may take at the provider."""

_TIMEOUT_S = 10
_LEEWAY_S = 60
_ALGORITHMS = ["RS256", "ES256", "PS256", "Ed25519"]
_SCOPE = "openid email"


@dataclass(frozen=True, slots=True, repr=False)
class Errand:
    """What is kept while somebody is at the provider."""

    state: str
    nonce: str
    verifier: str

    def to_bytes(self) -> bytes:
        """As it is sealed into a cookie."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> "Errand":
        """From a cookie that was opened."""
        return cls(**json.loads(data))


@dataclass(frozen=True, slots=True, repr=False)
class Vouched:
    """Whom the provider vouches for."""

    issuer: str
    subject: str
    email: str


class Provider:
    """The provider that the settings name. Its keys are asked for each time: it may change them."""

    def __init__(self, settings: Settings, discovery: Discovery) -> None:
        """Raises Invalid, Unavailable where the settings do not suffice."""
        if not settings.oidc_issuer or not settings.oidc_client_id:
            raise Unavailable("No provider is set: AMPARO_OIDC_ISSUER and AMPARO_OIDC_CLIENT_ID.")
        if urlsplit(settings.oidc_issuer).scheme != "https" and not _is_loopback(settings):
            raise Invalid("AMPARO_OIDC_ISSUER must be https://…")
        self._issuer = settings.oidc_issuer.rstrip("/")
        self._discovery = discovery
        self._client_id = settings.oidc_client_id
        self._secret = _secret_of(settings)
        self._back = f"{settings.public_url}/console/provider/back"

    def send(self) -> tuple[str, Errand]:
        """Where to send a browser, and what to keep until it is back. Raises Unavailable."""
        errand = Errand(*(secrets.token_urlsafe(32) for _ in range(3)))
        with self._client() as client:
            where = self._about(client)["authorization_endpoint"]
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._back,
            "scope": _SCOPE,
            "state": errand.state,
            "nonce": errand.nonce,
            "code_challenge": _challenge(errand.verifier),
            "code_challenge_method": "S256",
        }
        return f"{where}{'&' if '?' in where else '?'}{urlencode(asked)}", errand

    def receive(self, errand: Errand, state: str, code: str) -> Vouched:
        """Whom the provider vouches for. Raises Denied, Unavailable."""
        if not secrets.compare_digest(state.encode(), errand.state.encode()) or not code:
            raise Denied("This is not the answer to what was asked.", code="provider_refused")
        with self._client() as client:
            about = self._about(client)
            token = self._token(client, about["token_endpoint"], code, errand)
            keys = self._json(client, about["jwks_uri"])
        return self._vouched(str(token.get("id_token", "")), keys, errand)

    def _token(
        self, client: httpx2.Client, where: str, code: str, errand: Errand
    ) -> dict[str, Any]:
        said = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "client_id": self._client_id,
            "code_verifier": errand.verifier,
        }
        known_by = (self._client_id, self._secret) if self._secret else None
        try:
            answer = client.post(where, data=said, auth=known_by or httpx2.USE_CLIENT_DEFAULT)
            if answer.is_client_error:
                raise Denied("The provider has refused it.", code="provider_refused")
            return _object(answer)
        except httpx2.HTTPError as error:
            raise _away(error) from error

    def _vouched(self, id_token: str, keys: dict[str, Any], errand: Errand) -> Vouched:
        rules = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._client_id},
            nonce={"essential": True, "value": errand.nonce},
            sub={"essential": True},
            exp={"essential": True},
        )
        try:
            said = jwt.decode(id_token, KeySet.import_key_set(keys), algorithms=_ALGORITHMS)  # type: ignore[arg-type]
            rules.validate(said.claims)
        except (JoseError, ValueError, KeyError) as error:
            raise Denied("The provider's answer is not good.", code="provider_refused") from error
        audience = said.claims["aud"]
        if isinstance(audience, list) and said.claims.get("azp") != self._client_id:
            raise Denied("The provider's answer is for others too.", code="provider_refused")
        email = said.claims.get("email") if said.claims.get("email_verified") is True else None
        return Vouched(self._issuer, str(said.claims["sub"]), str(email or ""))

    def _about(self, client: httpx2.Client) -> Said:
        return self._discovery.said(lambda: self._asked_about(client))

    def _asked_about(self, client: httpx2.Client) -> Said:
        about = self._json(client, f"{self._issuer}/.well-known/openid-configuration")
        if about.get("issuer", "").rstrip("/") != self._issuer:
            raise Unavailable("The provider says that it is another than AMPARO_OIDC_ISSUER.")
        return about

    def _json(self, client: httpx2.Client, url: str) -> dict[str, Any]:
        try:
            return _object(client.get(url))
        except httpx2.HTTPError as error:
            raise _away(error) from error

    def _client(self) -> httpx2.Client:
        return httpx2.Client(timeout=_TIMEOUT_S, trust_env=False)


def _object(answer: httpx2.Response) -> dict[str, Any]:
    """Raises HTTPError, Unavailable where it is something else."""
    answer.raise_for_status()
    try:
        found = answer.json()
    except ValueError as error:
        raise _away(error) from error
    if not isinstance(found, dict):
        raise Unavailable("The provider answers with something else.")
    return found


def _challenge(verifier: str) -> str:
    """S256 of RFC 7636."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _away(error: Exception) -> Unavailable:
    return Unavailable(f"The provider does not answer as it should ({type(error).__name__}).")


def _is_loopback(settings: Settings) -> bool:
    return urlsplit(settings.oidc_issuer).hostname in ("127.0.0.1", "localhost", "::1")


def _secret_of(settings: Settings) -> str | None:
    file = settings.oidc_client_secret_file
    if file is None:
        return None
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Unavailable(f"{file} cannot be read ({error.strerror}).") from error
