"""However many sign in at once: few passwords are looked at, few wait, and nobody else does."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed

import httpx2
import pytest

from amparo.access.people.passwords import AT_ONCE
from amparo.interfaces.web.turns import MOST_WAITING
from tests.interfaces.conftest import WAIT_S, Platform
from tests.interfaces.people import PASSWORD, Browser, invited, signed_out

PLACES = AT_ONCE + MOST_WAITING
MORE = 45
"""With these, more than all threads that the process has for other calls."""


class Crowd:
    """Strangers who sign in until there is no room, and what they are answered."""

    def __init__(self, platform: Platform, threads: ThreadPoolExecutor) -> None:
        self.goes_on = threading.Event()
        self._platform = platform
        self._threads = threads
        self._key = platform.serving.access_key
        self._derived = self._key.derived
        self._answers: list[Future[httpx2.Response]] = []

    def derived(self, purpose: str, text: str) -> bytes:
        """What each sign-in asks for before it looks at the password: now it takes long."""
        if "stranger" in text and _in_a_thread():
            assert self.goes_on.wait(WAIT_S)
        return self._derived(purpose, text)

    def comes(self) -> list[httpx2.Response]:
        """What those are told for whom there is no room."""
        self._answers = [self._threads.submit(self._sign_in, number) for number in range(MORE)]
        self._done = as_completed(self._answers, timeout=WAIT_S)
        return [next(self._done).result() for _ in range(MORE - PLACES)]

    def goes(self) -> list[httpx2.Response]:
        """What the others are told, once it goes on."""
        self.goes_on.set()
        return [each.result() for each in self._done]

    def _sign_in(self, number: int) -> httpx2.Response:
        said = {"email": f"stranger{number}@example.org", "password": PASSWORD, "code": "123456"}
        from_where = {"X-Forwarded-For": f"192.0.2.{number}"}
        base_url = self._platform.http.base_url
        with httpx2.Client(base_url=base_url, timeout=WAIT_S, headers=from_where) as http:
            return http.post("/v1/session", json=said)


def _in_a_thread() -> bool:
    """Not where it is asked whose turn it is: there nothing may take long."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return True
    return False


@pytest.fixture
def crowd(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crowd]:
    with ThreadPoolExecutor(MORE) as threads:
        crowd = Crowd(platform, threads)
        monkeypatch.setattr(platform.serving.access_key, "derived", crowd.derived)
        try:
            yield crowd
        finally:
            crowd.goes_on.set()


def test_uploads_and_look_ups_are_answered_while_more_sign_in_than_can_be(
    platform: Platform, crowd: Crowd
) -> None:
    for refused in crowd.comes():
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "1"
        assert refused.json()["code"] == "busy"
    for path in ("/healthz", "/readyz", "/v1/lists", "/console/sign-in"):
        assert platform.http.get(path).status_code == 200, path
    assert platform.http.post("/v1/media", content=b"no picture").status_code == 200
    assert [each.status_code for each in crowd.goes()] == [401] * PLACES


def test_the_console_says_so_in_the_readers_language(platform: Platform, crowd: Crowd) -> None:
    ana, ben = Browser(platform), Browser(platform, "es")
    link = invited(platform, email="ben@example.org")
    crowd.comes()
    for answer, said in (
        (ana.sign_in(), "Too many ask for this at once"),
        (ben.sign_in(), "Demasiados piden esto a la vez"),
        (ben.accept(link), "Demasiados piden esto a la vez"),
    ):
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "1"
        assert said in answer.text
    crowd.goes()
    assert ben.accept(link).status_code == 200


def test_whoever_signed_in_here_before_waits_for_no_stranger(
    platform: Platform, crowd: Crowd
) -> None:
    ana = signed_out(platform)
    crowd.comes()
    assert Browser(platform).sign_in().status_code == 503  # her address alone is no proof
    assert ana.sign_in().status_code == 303
    used = ana.send("/console/", "/console/recovery-codes", password=PASSWORD, code=ana.code(1))
    assert "That is not right" in used.text
    crowd.goes()
