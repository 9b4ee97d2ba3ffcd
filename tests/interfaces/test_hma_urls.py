"""What is at a URL is hashed, looked up and added as a file is, from hosts that are named."""

import dataclasses
import socket

import anyio
import httpx2
import pytest

from amparo.interfaces.calls.admission import Bodies, Lanes, Rates
from amparo.interfaces.hma.app import create_hma
from amparo.net.fetch import Fetcher
from tests.interfaces.conftest import Platform
from tests.interfaces.test_hma import CAT_PDQ, a_bank, followed, hma
from tests.interfaces.test_media import CAT
from tests.net.test_fetch import PUBLIC, host

GIVEN = {"url": "http://pictures.example.org/cat"}


def answer(status: str, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


CAT_THERE = answer("200 OK", "Content-Type: text/plain", body=CAT)


def ask(platform: Platform, port: int, *calls: tuple[str, str, dict[str, object]]) -> list[object]:
    """Ask an application whose names lead to this machine, as if it were a public host."""

    def dial(_address: str, _port: int, timeout_s: float | None) -> socket.socket:
        return socket.create_connection(("127.0.0.1", port), timeout_s)

    names = ("pictures.example.org",)
    fetcher = Fetcher(names, 10_000_000, 10.0, resolve=lambda _, __: [PUBLIC], dial=dial)
    serving = dataclasses.replace(platform.serving, fetcher=fetcher)
    app = create_hma(serving, Bodies(10_000_000), Rates(1000), Lanes())

    async def asked() -> list[object]:
        transport = httpx2.ASGITransport(app)
        headers = {"Authorization": f"Bearer {platform.key}"}
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://amparo", headers=headers
        ) as client:
            answers = [await client.request(verb, path, **sent) for verb, path, sent in calls]
            return [(each.status_code, each.json()) for each in answers]

    return anyio.run(asked)


def test_a_picture_at_a_url_goes_the_way_of_a_file(platform: Platform) -> None:
    a_bank(platform)
    with host(*[CAT_THERE] * 3) as (port, asked):
        metadata = {"json": {"metadata": {"content_id": "7"}, "note": "n"}}
        (status, added), (_, hashed) = ask(
            platform, port,
            ("POST", "/c/bank/MY_BANK/content", {"params": GIVEN} | metadata),
            ("GET", "/h/hash", {"params": GIVEN}),
        )  # fmt: skip
        assert (status, hashed) == (200, {"pdq": CAT_PDQ})
        followed(platform)
        match = {"MY_BANK": [{"bank_content_id": added["id"], "distance": "0"}]}
        assert ask(platform, port, ("GET", "/m/lookup", {"params": GIVEN})) == [
            (200, {"pdq": match})
        ]
    with host(CAT_THERE) as (port, asked):
        params = GIVEN | {"signal_type": "pdq", "content_type": "photo", "types": "pdq"}
        assert ask(platform, port, ("GET", "/m/lookup", {"params": params})) == [(200, match)]
        assert b"Authorization" not in asked[0]
    shown = hma(platform, "GET", f"/c/bank/MY_BANK/content/{added['id']}").json()
    assert (shown["metadata"], shown["note"]) == ({"content_id": "7"}, "n")


@pytest.mark.parametrize("to", ["http://127.0.0.1/", "http://elsewhere.example.org/", "file:///x"])
def test_no_redirect_leads_elsewhere(platform: Platform, to: str) -> None:
    with host(answer("302 Found", f"Location: {to}")) as (port, asked):
        ((status, said),) = ask(platform, port, ("GET", "/h/hash", {"params": GIVEN}))
        assert (status, list(said)) == (400, ["message"])
        assert len(asked) == 1


def test_what_is_no_picture_needs_its_content_type(platform: Platform) -> None:
    with host(answer("200 OK", body=b"words")) as (port, _):
        ((status, said),) = ask(platform, port, ("GET", "/h/hash", {"params": GIVEN}))
        assert (status, "content_type" in said["message"]) == (400, True)
