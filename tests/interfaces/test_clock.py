"""A clock that jumps back, or ahead: what is decided stays as it was, and deciding goes on."""

import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from amparo.access.audit.seal import Sealer
from amparo.access.audit.signing import signing_key
from amparo.access.audit.verify import verify
from amparo.app.change_policy import activate_policy, save_policy
from amparo.core.clock import Clock, SystemClock
from amparo.db import Database
from amparo.detect.deciding import DEFAULT_POLICY
from amparo.detect.media.sandbox import Sandbox
from tests.contract.test_keys import Hand
from tests.interfaces.conftest import Platform, serving_platform
from tests.interfaces.test_media import CAT, ROCKET, pdq_of, sha256_of, submit

WAIT_S = 30
DAY_S = 24 * 3600
MILDER = DEFAULT_POLICY.replace("action: block", "action: hold")


def activate(platform: Platform, text: str) -> None:
    serving = platform.serving
    actor = serving.keys.actor(platform.key)
    number = save_policy(serving.database, text, "policy.yaml", actor, serving.clock)
    activate_policy(serving.database, number, actor, serving.clock)


@pytest.mark.parametrize("jump_s", [-2 * DAY_S, 2 * DAY_S])
def test_deciding_goes_on(
    database: Database, database_url: str, tmp_path: Path, sandbox: Sandbox, jump_s: int
) -> None:
    hand = Hand()
    hand.time = SystemClock().now()
    for platform in serving_platform(database_url, tmp_path, sandbox, hand):
        platform.make_list()
        platform.add(sha256_of(ROCKET))
        first = submit(platform, ROCKET, **{"Idempotency-Key": "a"}).json()
        assert first["action"] == "block"
        hand.pass_s(jump_s)
        if jump_s < 0:  # a day later it would be another call
            again = submit(platform, ROCKET, **{"Idempotency-Key": "a"}).json()
            assert again == first
        activate(platform, MILDER)
        assert submit(platform, ROCKET).json()["action"] == "hold"
        platform.add(pdq_of(CAT))
        assert submit(platform, CAT).json()["action"] == "hold"
        assert platform.http.get(f"/v1/media/{first['media_id']}").json() == first
        page = platform.http.get("/v1/decisions").json()["decisions"]
        assert len({each["decision_id"] for each in page}) == 3
        key = signing_key(platform.serving.settings.audit_key)
        seal_all(platform.serving.database, key, hand)


def seal_all(database: Database, key: Ed25519PrivateKey, clock: Clock) -> None:
    """Return when the whole trail is sealed: the server has a sealer too, and one works."""
    waited = threading.Event()
    for _ in range(WAIT_S * 100):
        Sealer(database, key, clock).step()
        if verify(database, key.public_key()).waiting == 0:
            return
        waited.wait(0.01)
    raise AssertionError("the audit trail is not sealed")
