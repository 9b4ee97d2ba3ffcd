"""A sandbox OpenID provider that refuses what a real one refuses, and errs on demand."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

CLIENT_ID = "amparo"
CLIENT_SECRET = "a secret of the sandbox"  # noqa: S105 (of nothing real)

_ASKED = {
    "response_type", "client_id", "redirect_uri", "scope", "state", "nonce",
    "code_challenge", "code_challenge_method",
}  # fmt: skip


@dataclass
class ProviderState:
    """Who signs in next, and how answers are to be wrong; `bend` changes the claims of a token."""

    url: str = ""
    subject: str = "subject-1"
    email: str = "ana@example.org"
    email_verified: bool = True
    bend: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
    key: ECKey = field(default_factory=lambda: _key())
    signs_with: ECKey | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    on_ask: Callable[[str], None] = lambda _: None
    """Is told each path that is asked for, before it is answered."""
    back: str = ""
    """The only address to which it sends browsers back."""


def _key() -> ECKey:
    return ECKey.generate_key("P-256", parameters={"kid": secrets.token_hex(4)}, private=True)


@contextmanager
def sandbox_provider(back: str) -> Iterator[ProviderState]:
    """Serves until the block ends; sends browsers to `back` alone."""
    state = ProviderState(back=back)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(state))
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(state: ProviderState) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, query = urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query))
            state.on_ask(path)
            if path == "/.well-known/openid-configuration":
                self._say(200, _about(state))
            elif path == "/keys":
                self._say(200, {"keys": [state.key.as_dict(private=False)]})
            elif path == "/authorize":
                self._authorize(query)
            else:
                self._say(404, {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            self._token(dict(parse_qsl(body.decode())))

        def _authorize(self, asked: dict[str, str]) -> None:
            if not asked.keys() >= _ASKED or asked["redirect_uri"] != state.back:
                self._say(400, {"error": "invalid_request"})
                return
            code = secrets.token_urlsafe(16)
            state.codes[code] = asked
            self.send_response(303)
            said = urlencode({"code": code, "state": asked["state"]})
            self.send_header("Location", f"{asked['redirect_uri']}?{said}")
            self.end_headers()

        def _token(self, asked: dict[str, str]) -> None:
            known = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
            if self.headers.get("authorization") != f"Basic {known}":
                self._say(401, {"error": "invalid_client"})
                return
            begun = state.codes.pop(asked.get("code", ""), None)  # good once
            if begun is None or begun["code_challenge"] != _challenge(asked["code_verifier"]):
                self._say(400, {"error": "invalid_grant"})
                return
            self._say(200, {"access_token": "x", "token_type": "Bearer",
                            "id_token": _id_token(state, begun["nonce"])})  # fmt: skip

        def _say(self, status: int, what: dict[str, Any]) -> None:
            body = json.dumps(what).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(
            self,
            format: str,  # noqa: A002
            *args: object,
        ) -> None:
            """Says nothing."""

    return Handler


def _about(state: ProviderState) -> dict[str, Any]:
    return {
        "issuer": state.url,
        "authorization_endpoint": f"{state.url}/authorize",
        "token_endpoint": f"{state.url}/token",
        "jwks_uri": f"{state.url}/keys",
    }


def _id_token(state: ProviderState, nonce: str) -> str:
    now = int(time.time())
    claims = {
        "iss": state.url,
        "aud": CLIENT_ID,
        "sub": state.subject,
        "nonce": nonce,
        "email": state.email,
        "email_verified": state.email_verified,
        "iat": now,
        "exp": now + 300,
    }
    key = state.signs_with or state.key
    header = {"alg": "ES256", "kid": state.key.kid}
    return jwt.encode(header, state.bend(claims), key, algorithms=["ES256"])


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
