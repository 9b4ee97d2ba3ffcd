"""People who call the API from a browser: signed in by it, from pages of this site alone."""

import json

import pytest

from amparo.access.people.attempts import FIRST_WAIT, FREE_BY_ACCOUNT
from tests.interfaces.conftest import Platform
from tests.interfaces.people import EMAIL, PASSWORD, Browser, invited, signed_out


@pytest.fixture
def browser(platform: Platform) -> Browser:
    """Ana, an owner, who has accepted and has signed out."""
    return signed_out(platform)


def test_what_changes_something_carries_the_sessions_token(platform: Platform) -> None:
    browser = Browser(platform)
    browser.accept(invited(platform))
    for headers in ({}, {"X-Form-Token": "0" * 64}):
        answer = browser.http.post("/v1/lists", json={"name": "made"}, headers=headers)
        assert answer.status_code == 403
        assert answer.json()["code"] == "form_stale"
        assert browser.http.delete("/v1/session", headers=headers).status_code == 403
    headers = {"X-Form-Token": browser.http.get("/v1/session").json()["form_token"]}
    answer = browser.http.post("/v1/lists", json={"name": "made"}, headers=headers)
    assert answer.status_code == 201
    assert browser.http.delete("/v1/session", headers=headers).status_code == 204
    assert browser.http.get("/v1/session").status_code == 401


def test_signing_in_over_the_api(platform: Platform, browser: Browser) -> None:
    right = {"email": EMAIL, "password": PASSWORD, "code": browser.code(1)}
    http = Browser(platform).http
    assert http.post("/v1/session", json=right | {"code": "1"}).status_code == 401
    assert http.post("/v1/session", json={"email": 1}).status_code == 422
    said_json = {"Content-Type": "application/json"}
    large = http.post("/v1/session", content=b"x" * 70_000, headers=said_json)
    assert large.status_code == 413
    answer = http.post("/v1/session", json=right)
    assert answer.status_code == 201
    assert http.get("/v1/session").json() == answer.json()
    key = {"Authorization": f"Bearer {platform.key}"}
    assert http.get("/v1/session", headers=key).json()["code"] == "not_a_person"


def test_no_page_elsewhere_signs_a_browser_in(platform: Platform, browser: Browser) -> None:
    said = json.dumps({"email": EMAIL, "password": PASSWORD, "code": browser.code(1)})
    http = Browser(platform).http
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        sent = http.post("/v1/session", content=said, headers={"Content-Type": kind})
        assert sent.status_code == 415
    elsewhere = {"Content-Type": "application/json", "Sec-Fetch-Site": "cross-site"}
    sent = http.post("/v1/session", content=said, headers=elsewhere)
    assert (sent.status_code, sent.json()["code"]) == (403, "another_site")
    assert not http.cookies.get("amparo")


def test_signing_in_again_over_the_api_ends_what_the_browser_had(
    platform: Platform, browser: Browser
) -> None:
    browser.sign_in()
    copied = browser.http.cookies["amparo"]
    right = {"email": EMAIL, "password": PASSWORD, "code": browser.codes[0]}
    assert browser.http.post("/v1/session", json=right).status_code == 201
    assert browser.is_in
    thief = Browser(platform)
    thief.http.cookies.set("amparo", copied)
    assert not thief.is_in


def test_whoever_tries_too_often_is_told_how_long_to_wait(
    platform: Platform, browser: Browser
) -> None:
    http = Browser(platform).http
    for email in (EMAIL, "nobody@example.org"):
        wrong = {"email": email, "password": "another sentence", "code": "1"}
        for _ in range(FREE_BY_ACCOUNT):
            assert http.post("/v1/session", json=wrong).status_code == 401
        answer = http.post("/v1/session", json=wrong)
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_attempts")
        assert 20 <= int(answer.headers["Retry-After"]) <= FIRST_WAIT.total_seconds()
