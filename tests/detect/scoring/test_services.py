"""What a service elsewhere may do, and that none of it is ever taken for a score."""

import logging
import threading

import pytest
from pytest_socket import enable_socket

from amparo.core.errors import Invalid
from amparo.detect.scoring.elsewhere import NotAnswered, Service, secret_in
from amparo.detect.scoring.scorer import Busy, PictureScorer
from amparo.net.guard import NotAllowed
from amparo.net.post import NotSent, Poster
from amparo.testing.content_safety import KEY, ContentSafety
from amparo.testing.hostile import photograph_like
from amparo.testing.http_scorer import TOKEN, HttpScorer
from amparo.testing.json_service import Behaviour
from amparo.testing.scorer import scored
from tests.detect.scoring.services import google, over_http, poster

PICTURE = [photograph_like()]


@pytest.fixture(params=["google", "http"])
def service(
    request: pytest.FixtureRequest, content_safety: ContentSafety, http_scorer: HttpScorer
) -> tuple[Behaviour, PictureScorer]:
    """Each of the services, with who asks it."""
    if request.param == "google":
        return content_safety, google(content_safety.url, seconds=1)
    return http_scorer, over_http(http_scorer.url, seconds=1)


Service_ = tuple[Behaviour, PictureScorer]


@pytest.mark.parametrize(
    "body",
    [
        b"<html>down</html>", b"", b"[]", b"null", b"{}", b"[" * 100_000, b"\xff\xfe",
        b'{"scores": [0.5], "reviewPriorities": "LOW"}',
        b'{"scores": {"bright": [true]}, "reviewPriorities": []}',
        b'{"scores": {"bright": ["0.5"]}, "reviewPriorities": ["LOW", "LOW"]}',
        b'{"scores": {"bright": 0.5}, "reviewPriorities": {"0": "LOW"}}',
    ],
)  # fmt: skip
def test_what_is_no_answer_is_none(service: Service_, body: bytes) -> None:
    behaviour, scorer = service
    behaviour.body = body
    with pytest.raises(NotAnswered):
        scored(scorer, PICTURE)


@pytest.mark.parametrize("status", [201, 204, 301, 302, 307, 400, 401, 403, 404, 500, 502])
def test_any_status_but_200_is_no_answer(service: Service_, status: int) -> None:
    behaviour, scorer = service
    behaviour.status = status
    behaviour.headers = {"Location": f"{behaviour.url}/elsewhere"}
    with pytest.raises((NotAnswered, NotSent)):
        scored(scorer, PICTURE)
    assert len(behaviour.asked) == 1, "nothing leads it on"


@pytest.mark.parametrize(
    ("status", "headers", "seconds"),
    [(429, {"Retry-After": "17"}, 17), (503, {}, 30), (429, {"Retry-After": "99999999"}, 3600)],
)
def test_a_service_that_wants_to_be_left_alone_says_how_long(
    service: Service_, status: int, headers: dict[str, str], seconds: int
) -> None:
    behaviour, scorer = service
    behaviour.status, behaviour.headers = status, headers
    with pytest.raises(Busy) as busy:
        scored(scorer, PICTURE)
    assert busy.value.seconds == seconds


def test_an_endless_answer_is_not_read_to_its_end(service: Service_) -> None:
    behaviour, scorer = service
    behaviour.endless = True
    with pytest.raises(NotSent):
        scored(scorer, PICTURE)


def test_a_service_that_says_nothing_is_given_up_in_time(service: Service_) -> None:
    behaviour, scorer = service
    behaviour.silent = True
    with pytest.raises(NotSent, match="No answer within"):
        scored(scorer, PICTURE)


def test_a_service_that_is_not_there_is_named() -> None:
    enable_socket()
    with pytest.raises(NotSent):
        scored(over_http("http://127.0.0.1:9"), PICTURE)


@pytest.mark.parametrize("scores", [[1.5], [-0.1], [float("nan")], [0.5, 0.5], []])
def test_numbers_that_are_no_scores_are_none(http_scorer: HttpScorer, scores: list[float]) -> None:
    http_scorer.body = f'{{"scores": {{"bright": {scores}}}}}'.replace("nan", "NaN").encode()
    with pytest.raises(ValueError, match="score"):
        scored(over_http(http_scorer.url), PICTURE)


def test_a_host_that_resolves_to_an_address_inside_is_not_asked() -> None:
    asked = Service(
        "https://scores.example.org", {}, Poster((), 1, resolve=lambda _host, _port: ["10.0.0.1"])
    )
    with pytest.raises(NotAllowed):
        asked.ask("/", "application/json", b"{}")


def test_credentials_are_in_no_error_no_log_and_no_repr(
    content_safety: ContentSafety, http_scorer: HttpScorer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = []
    for scorer, behaviour in (
        (google(content_safety.url), content_safety),
        (over_http(http_scorer.url), http_scorer),
    ):
        behaviour.status = 500
        with pytest.raises(NotAnswered) as error:
            scored(scorer, PICTURE)
        said.append(f"{error.value!r} {scorer!r} {vars(scorer)['_service']!r}")
    for secret in (KEY, TOKEN, content_safety.url):
        assert secret not in caplog.text + "".join(said)


def test_a_service_is_asked_by_many_threads_at_once(http_scorer: HttpScorer) -> None:
    scorer = over_http(http_scorer.url)
    found: list[object] = []
    threads = [
        threading.Thread(target=lambda: found.append(scored(scorer, PICTURE))) for _ in range(12)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == [found[0]] * 12
    assert http_scorer.refused == []


@pytest.mark.parametrize("text", [None, "", "  \n", "two words", "é", "a\x00b"])
def test_a_secret_that_cannot_be_one_names_the_setting(tmp_path, text) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "secret"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(Invalid, match="AMPARO_SCORE_TOKEN_FILE"):
        secret_in(file, "AMPARO_SCORE_TOKEN_FILE")


def test_the_sandboxes_refuse_what_the_real_ones_would(
    content_safety: ContentSafety, http_scorer: HttpScorer
) -> None:
    wrong = Service(content_safety.url, {}, poster())
    for path, body in (
        ("/v1beta1/images:classify?key=another", b'{"images": []}'),
        ("/v1/images:classify?key=x", b"{}"),
    ):
        with pytest.raises(NotAnswered):
            wrong.ask(path, "application/json", body)
    with pytest.raises(NotAnswered):
        Service(http_scorer.url, {}, poster()).ask("", "application/json", b"{}")
    assert content_safety.refused == ["the key is not one", "there is no such method"]
    assert http_scorer.refused == ["the token is not one"]
