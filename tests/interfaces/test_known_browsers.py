"""Whoever keeps trying an account from elsewhere keeps its owner out of no browser of hers."""

import pytest

from amparo.access.people.attempts import FREE_BY_ACCOUNT
from tests.interfaces.conftest import Platform
from tests.interfaces.people import EMAIL, PASSWORD, Browser, invited, signed_out

WRONG = {"password": "another sentence"}
KEPT = "amparo_known"


@pytest.fixture
def hers(platform: Platform) -> Browser:
    """A browser in which Ana was signed in."""
    return signed_out(platform)


@pytest.fixture
def elsewhere(platform: Platform, hers: Browser) -> Browser:
    """One that has tried her account too often."""
    other = Browser(platform)
    other.telephone, other.codes = hers.telephone, hers.codes
    for _ in range(FREE_BY_ACCOUNT):
        assert other.sign_in(**WRONG).status_code == 403
    return other


def waits(browser: Browser) -> bool:
    """Whether the browser must wait even with all that is right."""
    answer = browser.sign_in(code=browser.codes.pop())
    return "too many attempts" in answer.text


def test_her_own_browser_does_not_wait_for_what_others_try(
    hers: Browser, elsewhere: Browser
) -> None:
    assert not waits(hers)
    assert hers.is_in
    assert waits(elsewhere)  # and her success has not given them more attempts


def test_what_her_browser_keeps_gives_no_more_attempts_than_an_account_has(
    hers: Browser, elsewhere: Browser
) -> None:
    elsewhere.http.cookies.set(KEPT, hers.http.cookies[KEPT])
    for _ in range(FREE_BY_ACCOUNT):
        assert "not right" in elsewhere.sign_in(**WRONG).text
    assert waits(elsewhere)


def test_of_another_account_or_made_up_it_is_worth_nothing(
    platform: Platform, hers: Browser, elsewhere: Browser
) -> None:
    ben = Browser(platform)
    assert ben.accept(invited(platform, email="ben@example.org")).status_code == 200
    kept = ben.http.cookies[KEPT]
    name, _, proof = hers.http.cookies[KEPT].partition(".")
    for worthless in (kept, f"{name}x.{proof}", f"{name}.{proof[:-1]}", name, "", "." * 5000):
        elsewhere.http.cookies.set(KEPT, worthless)
        assert waits(elsewhere)


def test_it_outlives_the_session_and_lets_nobody_in(platform: Platform, hers: Browser) -> None:
    kept = hers.http.cookies[KEPT]
    other = Browser(platform)
    other.http.cookies.set(KEPT, kept)
    assert not other.is_in
    assert not waits(hers)
    assert hers.http.cookies[KEPT] == kept


def test_signing_in_over_the_api_is_known_too(platform: Platform, hers: Browser) -> None:
    hers.http.cookies.delete(KEPT)
    said = {"email": EMAIL, "password": PASSWORD, "code": hers.codes[0]}
    answer = hers.http.post("/v1/session", json=said)
    assert answer.status_code == 201
    (kept,) = (each for each in answer.headers.get_list("set-cookie") if each.startswith(KEPT))
    assert "HttpOnly" in kept
    assert "SameSite=Strict" in kept
    assert "Max-Age=15552000" in kept
