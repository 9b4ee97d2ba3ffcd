"""Who may call what under /hma: every route with every scope, and nothing of others."""

import re
from pathlib import Path

import httpx2
import pytest

from amparo.access.model import Scope
from amparo.interfaces.hma.app import routes
from tests.interfaces.conftest import Platform
from tests.interfaces.people import Browser, invited
from tests.interfaces.test_access import a_key
from tests.interfaces.test_hma import CAT_PDQ, add, hma
from tests.interfaces.test_media import CAT

OPEN = {"GET /status"}
NEEDS = {
    "GET /h/hash": Scope.MEDIA_SUBMIT,
    "POST /h/hash": Scope.MEDIA_SUBMIT,
    "GET /m/raw_lookup": Scope.MATCHES_READ,
    "GET /m/lookup": Scope.MATCHES_READ,
    "POST /m/lookup": Scope.MATCHES_READ,
    "GET /m/index/status": Scope.MATCHES_READ,
    "POST /m/compare": Scope.MATCHES_READ,
    "GET /c/banks": Scope.LISTS_READ,
    "POST /c/banks": Scope.LISTS_WRITE,
    "GET /c/bank/{bank}": Scope.LISTS_READ,
    "PUT /c/bank/{bank}": Scope.LISTS_WRITE,
    "DELETE /c/bank/{bank}": Scope.LISTS_WRITE,
    "POST /c/bank/{bank}/content": Scope.LISTS_WRITE,
    "POST /c/bank/{bank}/signal": Scope.LISTS_WRITE,
    "GET /c/bank/{bank}/content/{content_id}": Scope.LISTS_READ,
    "PUT /c/bank/{bank}/content/{content_id}": Scope.LISTS_WRITE,
    "DELETE /c/bank/{bank}/content/{content_id}": Scope.LISTS_WRITE,
    "GET /c/signal_type": Scope.LISTS_READ,
    "GET /c/signal_type/index": Scope.LISTS_READ,
    "GET /c/content_type": Scope.LISTS_READ,
    "GET /c/exchanges/apis": Scope.LISTS_READ,
    "GET /c/exchanges/api/{api}": Scope.LISTS_READ,
    "GET /c/exchanges/api/{api}/schema": Scope.LISTS_READ,
    "GET /c/exchanges": Scope.LISTS_READ,
    "POST /c/exchanges": Scope.LISTS_WRITE,
    "GET /c/exchange/{exchange}": Scope.LISTS_READ,
    "GET /c/exchange/{exchange}/status": Scope.LISTS_READ,
    "POST /c/exchange/{exchange}": Scope.LISTS_WRITE,
    "PUT /c/exchange/{exchange}": Scope.LISTS_WRITE,
    "DELETE /c/exchange/{exchange}": Scope.LISTS_WRITE,
}
BODIES = {
    "POST /m/compare": {"json": {}},
    "POST /c/banks": {"json": {"name": "OTHER"}},
    "PUT /c/bank/{bank}": {"json": {}},
    "POST /c/bank/{bank}/signal": {"json": {"pdq": CAT_PDQ}},
    "PUT /c/bank/{bank}/content/{content_id}": {"json": {}},
}


def there() -> set[str]:
    paths = routes().openapi()["paths"]
    found = {f"{verb.upper()} {path}" for path, verbs in paths.items() for verb in verbs}
    return {each for each in found if not each.startswith("HEAD ")}


def test_every_route_is_explained_with_its_scope() -> None:
    page = Path(__file__).parents[2] / "docs/how-to/migrate-from-hma.md"
    text = page.read_text(encoding="utf-8")
    explained = re.findall(r"^\| `([A-Z]+) /hma(\S*)` \| (\S+) \|", text, re.M)
    assert {f"{verb} {path}": scope for verb, path, scope in explained} == (
        dict.fromkeys(OPEN, "none") | {route: scope.value for route, scope in NEEDS.items()}
    )


def call(platform: Platform, route: str, key: str | None) -> httpx2.Response:
    verb, path = route.split(" ")
    path = re.sub(r"{(api|exchange)}", "x", path.replace("{bank}", "KNOWN"))
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    return platform.anyone.request(
        verb, f"/hma{path.replace('{content_id}', '99')}", headers=headers,
        **BODIES.get(route, {}),
    )  # fmt: skip


def test_every_route_is_in_the_table() -> None:
    assert there() == OPEN | NEEDS.keys()


def test_each_route_takes_the_scope_that_it_needs_and_no_other(platform: Platform) -> None:
    platform.make_list()
    keys = {scope: a_key(platform, scope) for scope in Scope}
    for route, needed in NEEDS.items():
        for unknown in (None, "amparo_x_y"):
            refused = call(platform, route, unknown)
            assert refused.status_code == 401, route
            assert list(refused.json()) == ["message"]
        for scope, key in keys.items():
            answer = call(platform, route, key)
            if scope is needed:
                assert answer.status_code not in (401, 403), (route, scope, answer.text)
            else:
                assert answer.status_code == 403, (route, scope)


@pytest.mark.parametrize("verb", ["GET", "HEAD"])
def test_a_load_balancer_needs_no_key(platform: Platform, verb: str) -> None:
    with httpx2.Client(base_url=platform.http.base_url) as client:
        answer = client.request(verb, "/hma/status")
    assert answer.status_code == 200
    assert answer.text == ("I-AM-ALIVE" if verb == "GET" else "")


def test_a_session_in_a_browser_is_no_key(platform: Platform) -> None:
    """Else a page elsewhere could have Amparo fetch and look up what it likes."""
    with httpx2.Client(base_url=platform.http.base_url, cookies={"amparo": "x"}) as client:
        answer = client.get("/hma/h/hash", params={"url": "https://example.org/a.jpg"})
    assert answer.status_code == 401
    assert "Send a key" in answer.json()["message"]


@pytest.mark.parametrize("header", [None, "Basic eDp4", "Bearer", "amparo_x_y", ""])
def test_whoever_is_signed_in_is_not_let_in_by_that(platform: Platform, header: str | None) -> None:
    browser = Browser(platform)
    browser.accept(invited(platform))
    assert browser.http.get("/v1/lists").status_code == 200
    headers = {} if header is None else {"Authorization": header}
    answer = browser.http.get("/hma/c/banks", headers=headers)
    assert answer.status_code == 401
    assert "Send a key" in answer.json()["message"]


def test_what_belongs_to_others_is_not_there(platform: Platform) -> None:
    platform.make_list()
    content_id = add(platform, CAT, "KNOWN")
    other = a_key(platform, *Scope, organisation="another")
    headers = {"Authorization": f"Bearer {other}"}
    assert hma(platform, "GET", "/c/banks", headers=headers).json() == []
    for verb, path, body in (
        ("GET", "", None), ("PUT", "", {"enabled": False}), ("POST", "/signal", {"pdq": CAT_PDQ}),
        ("GET", f"/content/{content_id}", None), ("PUT", f"/content/{content_id}", {"note": "x"}),
        ("DELETE", f"/content/{content_id}", None),
    ):  # fmt: skip
        answer = hma(platform, verb, f"/c/bank/KNOWN{path}", headers=headers, json=body)
        assert answer.status_code == 404, (verb, path)
    hma(platform, "DELETE", "/c/bank/KNOWN", headers=headers)
    asked = {"signal": CAT_PDQ, "signal_type": "pdq"}
    for path, nothing in (("/m/raw_lookup", {"matches": []}), ("/m/lookup", {})):
        found = hma(platform, "GET", path, params=asked, headers=headers).json()
        assert found == nothing
    state = hma(platform, "GET", "/m/index/status", headers=headers).json()
    assert state["pdq"]["size"] == 0
    assert hma(platform, "GET", "/m/lookup", params=asked).json()["KNOWN"]


def test_a_content_is_not_found_in_another_bank(platform: Platform) -> None:
    platform.make_list()
    platform.make_list("other")
    content_id = add(platform, CAT, "KNOWN")
    path = f"/c/bank/OTHER/content/{content_id}"
    assert hma(platform, "GET", path).status_code == 404
    assert hma(platform, "PUT", path, json={"disable_until_ts": 5}).status_code == 404
    assert hma(platform, "DELETE", path).json() == {"deleted": 0}
    for nonsense in ("abc", "-1", str(2**70)):
        assert hma(platform, "GET", f"/c/bank/KNOWN/content/{nonsense}").status_code == 404
