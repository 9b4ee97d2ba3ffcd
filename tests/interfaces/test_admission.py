"""What is too much at once is told to come again, and everything else goes on."""

import threading

import httpx2
import pytest
from anyio import create_task_group, fail_after, run, to_thread
from fastapi import HTTPException

from amparo.interfaces.calls.admission import Bodies, Lanes, Rates
from tests.interfaces.conftest import Platform

VIDEO = b"\x00\x00\x00\x18ftypisom"


def test_room_is_given_back() -> None:
    bodies = Bodies(10)
    for _ in range(3):
        with bodies.room() as first:
            first.take(6)
            with bodies.room() as second, pytest.raises(HTTPException):
                second.take(5)
            first.take(4)


def test_a_key_that_asks_too_often_is_told_so_and_others_are_not() -> None:
    rates = Rates(3)
    for _ in range(3):
        rates.take("a")
    with pytest.raises(HTTPException) as refused:
        rates.take("a")
    assert refused.value.status_code == 429
    rates.take("b")


def test_where_there_is_no_room_an_upload_is_told_to_come_again(platform: Platform) -> None:
    """The first sends half of its body and waits; beside it there is no room for the second."""
    size = platform.serving.settings.uploads_bytes * 3 // 5
    half, end = threading.Event(), threading.Event()

    def slowly() -> object:
        yield b"x" * (size - 1)
        half.set()
        end.wait(30)
        yield b"x"

    first: list[int] = []

    def send() -> None:
        with httpx2.Client(
            base_url=platform.http.base_url, headers=platform.http.headers
        ) as client:
            first.append(client.post("/v1/media", content=slowly(), timeout=60).status_code)

    thread = threading.Thread(target=send)
    thread.start()
    assert half.wait(30)
    try:
        while (second := platform.http.post("/v1/media", content=b"x" * size)).status_code == 200:
            pass  # the server has not read the first's half yet
        assert (second.status_code, second.headers["retry-after"]) == (503, "1")
        assert platform.http.post("/v1/media", content=b"a note").status_code == 200
    finally:
        end.set()
        thread.join()
    assert first == [200]


def test_a_text_takes_room_for_what_it_becomes(platform: Platform) -> None:
    """A single letter may be written out as eighteen."""
    texts = ["a" * 300_000, "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 100_000]
    sizes = [len(text.encode()) for text in texts]
    assert sizes == [300_000, 300_000]
    answers = [platform.http.post("/v1/texts", json={"text": text}) for text in texts]
    assert [answer.status_code for answer in answers] == [200, 503]
    assert answers[1].headers["retry-after"] == "1"


def test_a_picture_waits_for_no_video_however_many_are_at_work() -> None:
    lanes, may_end = Lanes(), threading.Event()

    async def all_at_once() -> int:
        async with create_task_group() as uploads:
            for _ in range(100):
                uploads.start_soon(lanes.run, VIDEO, may_end.wait)
            with fail_after(30):
                seven = await lanes.run(b"a picture", lambda: 7)
                assert await to_thread.run_sync(lambda: 8) == 8  # nor does whatever is no file
            may_end.set()
        return seven

    assert run(all_at_once) == 7
