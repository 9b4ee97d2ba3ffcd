"""Signing in with the operator's own OpenID provider, a strict one that can be made to lie."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import pytest
from pytest_socket import enable_socket
from sqlalchemy import text

from amparo.access.people.provider import STATE_S
from amparo.app.change_people import invite_again, remove_person
from amparo.detect.media.sandbox import Sandbox
from amparo.interfaces.console.provider import AT_ONCE
from amparo.interfaces.web.turns import MOST_WAITING
from amparo.testing.provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    ProviderState,
    sandbox_provider,
)
from tests.interfaces.conftest import WAIT_S, Platform, serving_platform
from tests.interfaces.people import EMAIL, Browser, invited, operator

PUBLIC = "http://127.0.0.1:8080"


@pytest.fixture
def provider() -> Iterator[ProviderState]:
    enable_socket()
    with sandbox_provider(f"{PUBLIC}/console/provider/back") as state:
        yield state


@pytest.fixture
def platform(tmp_path: Path, sandbox: Sandbox, provider: ProviderState) -> Iterator[Platform]:
    secret = tmp_path / "secret"
    secret.write_text(CLIENT_SECRET + "\n")
    yield from serving_platform(
        f"sqlite:///{tmp_path}/amparo.db", tmp_path, sandbox,
        oidc_issuer=provider.url, oidc_client_id=CLIENT_ID, oidc_client_secret_file=secret,
    )  # fmt: skip


def sent_back(browser: Browser) -> str:
    """The path to which the provider sends the browser back."""
    sent = browser.http.get("/console/provider")
    assert sent.status_code == 303
    there = httpx2.get(sent.headers["location"], trust_env=False)
    assert there.status_code == 303, there.text
    back = there.headers["location"]
    assert back.startswith(PUBLIC)
    return str(back.removeprefix(PUBLIC))


def test_whoever_was_invited_comes_in_and_is_known_by_the_providers_name_from_then_on(
    platform: Platform, provider: ProviderState
) -> None:
    invited(platform)
    browser = Browser(platform)
    assert "with your organisation" in browser.http.get("/console/sign-in").text
    assert browser.http.get(sent_back(browser)).status_code == 200
    assert browser.is_in
    provider.email = "another@example.org"
    other = Browser(platform)
    other.http.get(sent_back(other))
    assert other.is_in
    provider.subject, provider.email = "subject-2", EMAIL  # somebody else takes over the address
    third = Browser(platform)
    assert third.http.get(sent_back(third)).status_code == 403
    assert not third.is_in


def test_whoever_is_invited_again_is_no_longer_known_by_the_providers_name(
    platform: Platform, provider: ProviderState
) -> None:
    invited(platform)
    browser = Browser(platform)
    browser.http.get(sent_back(browser))
    serving = platform.serving
    invite_again(serving.database, EMAIL, operator(platform), serving.clock)
    assert not browser.is_in
    provider.email = "another@example.org"
    assert browser.http.get(sent_back(browser)).status_code == 403
    assert not browser.is_in


def test_an_invitation_is_used_up_by_whoever_comes_in_by_the_provider(
    platform: Platform, provider: ProviderState
) -> None:
    link = invited(platform)
    assert Browser(platform).http.get(link).status_code == 200
    browser = Browser(platform)
    browser.http.get(sent_back(browser))
    assert browser.is_in
    assert Browser(platform).http.get(link).status_code != 200


@pytest.mark.parametrize(
    ("language", "said"), [("en", "ask an owner to invite you again"), ("es", "propietaria")]
)
def test_whoever_has_a_password_is_not_taken_over_by_who_has_the_address_at_the_provider(
    platform: Platform, language: str, said: str
) -> None:
    ana, other = Browser(platform), Browser(platform, language)
    assert ana.accept(invited(platform)).status_code == 200
    answer = other.http.get(sent_back(other))
    assert answer.status_code == 403
    assert said in answer.text
    assert not other.is_in
    assert ana.is_in
    assert Browser(platform).sign_in(code=ana.codes[0]).status_code == 303
    assert actions(platform)[-2:] == ["people.sign_in_refused", "people.sign_in"]


def test_whoever_has_a_password_and_is_invited_again_may_begin_with_the_provider(
    platform: Platform,
) -> None:
    ana, serving = Browser(platform), platform.serving
    ana.accept(invited(platform))
    invite_again(serving.database, EMAIL, operator(platform), serving.clock)
    ana.http.get(sent_back(ana))
    assert ana.is_in


def actions(platform: Platform) -> list[str]:
    """What is on record of people, the last at the end."""
    with platform.serving.database.reading() as work:
        found = work.execute(
            text("SELECT action FROM audit_entries WHERE action LIKE 'people.%' ORDER BY id")
        )
        return list(found.scalars())


@pytest.mark.parametrize("wrong", ["unknown", "unverified", "removed"])
def test_nobody_else_comes_in(platform: Platform, provider: ProviderState, wrong: str) -> None:
    invited(platform)
    invited(platform, email="bea@example.org")
    if wrong == "unknown":
        provider.email = "carla@example.org"
    elif wrong == "unverified":
        provider.email_verified = False
    else:
        serving = platform.serving
        remove_person(serving.database, EMAIL, operator(platform), serving.clock)
    browser = Browser(platform)
    assert browser.http.get(sent_back(browser)).status_code == 403
    assert not browser.is_in


@pytest.mark.parametrize(
    "bend",
    [
        lambda claims: claims | {"iss": "https://other.example"},
        lambda claims: claims | {"aud": "another"},
        lambda claims: claims | {"aud": [CLIENT_ID, "another"]},
        lambda claims: claims | {"nonce": "of another errand"},
        lambda claims: claims | {"exp": int(time.time()) - 3600},
        lambda claims: {name: value for name, value in claims.items() if name != "exp"},
        lambda claims: {name: value for name, value in claims.items() if name != "nonce"},
    ],
    ids=["issuer", "audience", "audiences", "nonce", "expired", "endless", "without nonce"],
)
def test_a_token_that_is_not_good_is_refused(
    platform: Platform,
    provider: ProviderState,
    bend: Callable[[dict[str, Any]], dict[str, Any]],
) -> None:
    invited(platform)
    provider.bend = bend
    browser = Browser(platform)
    answer = browser.http.get(sent_back(browser))
    assert answer.status_code == 403
    assert "has not let you in" in answer.text
    assert not browser.is_in


def test_a_token_that_somebody_else_has_signed_is_refused(
    platform: Platform, provider: ProviderState
) -> None:
    invited(platform)
    provider.signs_with = type(provider.key).generate_key("P-256", private=True)
    browser = Browser(platform)
    assert browser.http.get(sent_back(browser)).status_code == 403
    assert not browser.is_in


def test_an_errand_is_one_browsers_own_and_good_once(platform: Platform) -> None:
    invited(platform)
    browser, other = Browser(platform), Browser(platform)
    path = sent_back(browser)
    assert other.http.get(path).status_code == 403  # no cookie of an errand at all
    sent_back(other)
    assert other.http.get(path).status_code == 403  # the cookie of another errand
    assert browser.http.get(path).status_code == 200
    browser.http.cookies.delete("amparo")
    assert browser.http.get(path).status_code == 403
    state = dict(parse_qsl(urlsplit(path).query))["state"]
    assert browser.http.get(f"/console/provider/back?state={state}&code=").status_code == 403


def test_an_errand_that_is_too_long_ends(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    invited(platform)
    browser = Browser(platform)
    path = sent_back(browser)
    later = time.time() + STATE_S + 1
    monkeypatch.setattr(time, "time", lambda: later)  # Fernet asks the machine's clock
    assert browser.http.get(path).status_code == 422
    assert not browser.is_in


def test_what_the_provider_says_of_itself_is_not_asked_again_at_once(
    platform: Platform, provider: ProviderState
) -> None:
    invited(platform)
    asked: list[str] = []
    provider.on_ask = asked.append
    for _ in range(2):
        browser = Browser(platform)
        browser.http.get(sent_back(browser))
        assert browser.is_in
    assert asked.count("/.well-known/openid-configuration") == 1
    assert asked.count("/keys") == 2


def test_of_many_who_ask_for_the_provider_few_wait_and_nobody_else(
    platform: Platform, provider: ProviderState
) -> None:
    waits = threading.Event()
    provider.on_ask = lambda _: [waits.wait(WAIT_S)].clear()
    places = AT_ONCE + MOST_WAITING
    with ThreadPoolExecutor(places + 5) as people:
        answers = [
            people.submit(Browser(platform).http.get, "/console/provider")
            for _ in range(places + 5)
        ]
        done = as_completed(answers, timeout=WAIT_S)
        try:
            refused = [next(done).result() for _ in range(5)]
            assert platform.http.post("/v1/media", content=b"no picture").status_code == 200
            assert platform.http.get("/readyz").status_code == 200
        finally:
            waits.set()
    for each in refused:
        assert each.status_code == 503
        assert each.headers["retry-after"] == "1"
        assert "Too many ask for this at once" in each.text
    assert [each.result().status_code for each in done] == [303] * places


def test_a_provider_that_is_away_is_told_and_loses_nothing(
    platform: Platform, provider: ProviderState
) -> None:
    path = invited(platform)
    provider.url = "http://127.0.0.1:1"  # it says that it is another
    browser = Browser(platform)
    answer = browser.http.get("/console/provider")
    assert answer.status_code == 503
    assert "cannot do this now" in answer.text
    assert browser.accept(path).status_code == 200
