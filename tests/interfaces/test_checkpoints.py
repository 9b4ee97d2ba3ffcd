"""An Amparo as witness of others: what it is told it keeps, what contradicts is evidence."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from amparo.access.audit.chain import Head, statement
from amparo.access.audit.checkpoint import line_of
from amparo.access.keys import create_key, create_organisation
from amparo.access.model import Scope
from amparo.core.ids import new_id
from tests.databases import NOW
from tests.interfaces.conftest import Platform

KEY = Ed25519PrivateKey.generate()
Tell = Callable[..., httpx2.Response]


class Teller:
    """Another installation, whose trail grows an entry at a time."""

    def __init__(self, key: Ed25519PrivateKey = KEY, kind: str = "a") -> None:
        self.key, self.kind = key, kind

    def at(self, position: int, at: datetime = NOW) -> dict[str, object]:
        """Its checkpoint at a position, as it is told."""
        head = Head()
        for number in range(position):
            head = head.after(
                {"id": number, "organisation_id": 1, "at": NOW, "actor": self.kind,
                 "action": "a", "subject": "s", "detail": {}}
            )  # fmt: skip
        signature = self.key.sign(statement(position, at, head.digest, head.root))
        line = line_of(position, at, head.digest, head.root, signature)
        return json.loads(line) | {"public_key": self.key.public_key().public_bytes_raw().hex()}


def later(seconds: int) -> datetime:
    return NOW + timedelta(seconds=seconds)


def a_client(
    platform: Platform, name: str, *scopes: Scope, elsewhere: bool = False
) -> httpx2.Client:
    with platform.serving.database.work() as work:
        owner = platform.serving.keys.actor(platform.key).organisation_id
        if elsewhere:
            owner = create_organisation(work, "another", NOW)
        key = create_key(work, owner, name, scopes, now=NOW)
    client = httpx2.Client(
        base_url=platform.http.base_url, headers={"Authorization": f"Bearer {key}"}, timeout=60
    )
    platform.opened.append(client)
    return client


@pytest.fixture
def sender(platform: Platform) -> httpx2.Client:
    return a_client(platform, "a sister site", Scope.AUDIT_WITNESS)


def tell(sender: httpx2.Client, said: dict[str, object]) -> httpx2.Response:
    return sender.post("/v1/checkpoints", json=said)


def entries(platform: Platform, action: str) -> int:
    with platform.serving.database.reading() as work:
        asked = text("SELECT count(*) FROM audit_entries WHERE action = :action")
        return int(work.execute(asked, {"action": action}).scalar_one())


def test_what_was_told_is_kept_once_and_read_back(
    platform: Platform, sender: httpx2.Client
) -> None:
    said = Teller().at(3)
    first, again = tell(sender, said), tell(sender, said)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert tell(sender, Teller().at(7, later(60))).status_code == 201
    page = sender.get("/v1/checkpoints", params={"limit": 1}).json()
    assert page["checkpoints"] == [first.json()]
    rest = sender.get("/v1/checkpoints", params={"after": page["next"]}).json()
    assert [each["position"] for each in rest["checkpoints"]] == [7]
    assert rest["next"] is None
    assert {key: first.json()[key] for key in ("digest", "root", "signature", "public_key")} == {
        key: said[key] for key in ("digest", "root", "signature", "public_key")
    }
    assert entries(platform, "witness.begin") == 1
    assert entries(platform, "witness.contradict") == 0


CONTRADICTIONS = {
    "another chain for the same entry": (Teller(kind="b").at(7, later(9)), "trail_forked"),
    "an end that was cut off": (Teller().at(5, later(9)), "trail_shortened"),
    "another chain, sealed anew": (Teller(kind="b").at(5, later(9)), "trail_shortened"),
    "another key": (Teller(Ed25519PrivateKey.generate()).at(9, later(9)), "trail_another_key"),
}


@pytest.mark.parametrize("what", CONTRADICTIONS)
def test_what_contradicts_is_refused_kept_and_in_the_audit_trail_once(
    platform: Platform, sender: httpx2.Client, what: str
) -> None:
    said, code = CONTRADICTIONS[what]
    assert tell(sender, Teller().at(7)).status_code == 201
    for _ in range(2):
        refused = tell(sender, said)
        assert (refused.status_code, refused.json()["code"]) == (409, code)
    found = sender.get("/v1/checkpoints", params={"contradicting": True}).json()["checkpoints"]
    assert [each["signature"] for each in found] == [said["signature"]]
    assert entries(platform, "witness.contradict") == 1
    assert tell(sender, Teller().at(8, later(20))).status_code == 201
    assert "amparo_witnessed_contradictions 1.0" in platform.http.get("/metrics").text


def test_one_that_was_late_on_its_way_is_no_contradiction(sender: httpx2.Client) -> None:
    assert tell(sender, Teller().at(7, later(60))).status_code == 201
    assert tell(sender, Teller().at(5, later(30))).status_code == 201


def test_what_is_not_signed_is_not_kept(platform: Platform, sender: httpx2.Client) -> None:
    said = Teller().at(7)
    for change in ({"position": 8}, {"root": said["digest"]}, {"at": later(1).isoformat()}):
        refused = tell(sender, said | change)
        assert (refused.status_code, refused.json()["code"]) == (422, "checkpoint_not_signed")
    assert tell(sender, said | {"at": "0001-01-01T00:00:00+14:00"}).status_code == 422
    assert sender.get("/v1/checkpoints").json()["checkpoints"] == []
    assert entries(platform, "witness.begin") == 0


def test_a_teller_reads_its_own_an_auditor_all_and_others_nothing(
    platform: Platform, sender: httpx2.Client
) -> None:
    other = a_client(platform, "another sister", Scope.AUDIT_WITNESS)
    auditor = a_client(platform, "an auditor", Scope.AUDIT_READ)
    outside = a_client(platform, "a sister site", *Scope, elsewhere=True)
    tell(sender, Teller().at(3))
    tell(other, Teller(Ed25519PrivateKey.generate()).at(4))

    def read(client: httpx2.Client, **asked: str) -> list[int]:
        page = client.get("/v1/checkpoints", params=asked).json()
        return [each["position"] for each in page["checkpoints"]]

    assert read(sender) == [3]
    assert read(sender, trail="another sister") == [3]
    assert read(other) == [4]
    assert read(auditor) == [3, 4]
    assert read(auditor, trail="another sister") == [4]
    assert read(outside) == []
    assert read(outside, after=str(new_id())) == []
    assert tell(auditor, Teller().at(4)).status_code == 403
