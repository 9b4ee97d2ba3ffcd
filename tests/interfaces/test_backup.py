"""A backup of a service that is at work: no secret is in it, and what was to be done is done."""

import base64
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from amparo.app.backup import restore, write_backup
from amparo.core.clock import SystemClock
from amparo.db import Database
from amparo.detect.media.sandbox import Sandbox
from amparo.programs.serve.host import looked_after
from amparo.testing.hostile import encoded, photograph_like
from amparo.testing.receiver import Receiver, receiver
from tests.interfaces.conftest import Platform, serving_platform
from tests.interfaces.people import PASSWORD, Browser, invited

NOTE = b"a harmless note that is on a list and long enough to be found again"
PICTURE = encoded(photograph_like(), "JPEG")
OIDC_SECRET = "the provider's secret for us"
MAIL_PASSWORD = "correct horse battery"
WITNESS_TOKEN = "witness-token-0123456789"


class AnHourLater:
    """When what was to be tried again is due."""

    def now(self) -> datetime:
        return SystemClock().now() + timedelta(hours=1)


@pytest.fixture
def there(socket_enabled: None) -> Iterator[Receiver]:
    with receiver() as state:
        yield state


@pytest.fixture
def platform(
    database: Database, database_url: str, tmp_path: Path, sandbox: Sandbox
) -> Iterator[Platform]:
    home = tmp_path / "home"
    home.mkdir()
    (home / "oidc-secret.txt").write_text(OIDC_SECRET)
    (home / "mail-password.txt").write_text(MAIL_PASSWORD)
    with contextmanager(serving_platform)(
        database_url, tmp_path, sandbox,
        webhook_hosts=("127.0.0.1",),
        oidc_client_secret_file=home / "oidc-secret.txt",
        mail_password_file=home / "mail-password.txt",
        audit_witness_command=("true", "--token", WITNESS_TOKEN),
    ) as serving:  # fmt: skip
        serving.make_list()
        digests = [hashlib.md5(each).hexdigest() for each in (NOTE, PICTURE)]
        serving.add(*({"algorithm": "md5", "value": each} for each in digests))
        for each in (NOTE, PICTURE):
            assert serving.http.post("/v1/media", content=each).json()["action"] == "block"
        yield serving


def secrets_of(platform: Platform, browser: Browser, webhook: str) -> dict[str, bytes]:
    """All that must be nowhere in a backup."""
    settings = platform.serving.settings
    keys = {
        name: line.encode()
        for name, path in (
            ("vault key", settings.vault_key),
            ("access key", settings.access_key),
            ("audit key", settings.audit_key),
        )
        for line in path.read_text().splitlines()
        if not line.startswith(("#", "-----"))
    }
    assert len(keys) == 3
    access = settings.access_key.read_bytes().strip()
    bearer = platform.key.rpartition("_")[2]
    return keys | {
        "access key, decoded": base64.urlsafe_b64decode(access),
        "audit key, decoded": base64.b64decode(keys["audit key"])[-32:],
        "service key": platform.key.encode(),
        "service key's secret": base64.b32decode(bearer.upper() + "=" * (-len(bearer) % 8)),
        "webhook's secret": webhook.removeprefix("whsec_").encode(),
        "webhook's secret, decoded": base64.b64decode(webhook.removeprefix("whsec_")),
        "telephone": browser.telephone.secret.encode(),
        "telephone, decoded": base64.b32decode(browser.telephone.secret),
        "password": PASSWORD.encode(),
        "recovery code": browser.codes[0].encode(),
        "session": next(iter(browser.http.cookies.jar)).value.encode(),
        "provider's secret": OIDC_SECRET.encode(),
        "mail password": MAIL_PASSWORD.encode(),
        "witness's token": WITNESS_TOKEN.encode(),
        "note": NOTE,
        "picture": PICTURE[1000:1048],
    }


def written_as(secret: bytes) -> Iterator[bytes]:
    """As somebody may have written it: plain, in hexadecimal digits, in base64 anywhere."""
    yield secret
    yield secret.hex().encode()
    yield secret.hex().upper().encode()
    for shift in range(3):
        whole = base64.b64encode(b"\0" * shift + secret)
        inner = whole[4 if shift else 0 : -4]
        yield inner
        yield inner.replace(b"+", b"-").replace(b"/", b"_")


def test_no_key_no_secret_and_no_plain_upload_is_in_a_backup(
    platform: Platform, tmp_path: Path, there: Receiver
) -> None:
    browser = Browser(platform)
    assert browser.accept(invited(platform)).status_code == 200
    answer = platform.http.post("/v1/webhooks", json={"url": there.url})
    secrets = secrets_of(platform, browser, answer.json()["secret"])
    serving = platform.serving
    folder = tmp_path / "backup"
    write_backup(serving.settings, serving.database, folder, actor="t", clock=serving.clock)
    stored = {each: each.read_bytes() for each in folder.rglob("*") if each.is_file()}
    assert len(stored) == 5  # manifest, settings, database, two uploads
    for name, secret in secrets.items():
        for form in written_as(secret):
            holds = [str(each) for each, data in stored.items() if form in data]
            assert not holds, name
    assert b"audit_witness_command is left out" in stored[folder / "settings.toml"]
    for name in ("note", "picture"):  # and the search finds what is there
        plain = tmp_path / name
        plain.write_bytes(base64.b64encode(b"x" + secrets[name] + b"yz"))
        assert any(form in plain.read_bytes() for form in written_as(secrets[name]))


def test_after_a_restore_what_was_to_be_told_is_told_under_the_same_ids(
    platform: Platform, tmp_path: Path, there: Receiver
) -> None:
    there.status = 500
    assert platform.http.post("/v1/webhooks", json={"url": there.url}).status_code == 201
    to_tell = {
        platform.http.post("/v1/media", content=NOTE).json()["decision_id"] for _ in range(3)
    }
    tried = {each.headers["webhook-id"] for each in there.wait_for(1)}
    serving = platform.serving
    folder, home = tmp_path / "backup", tmp_path / "again"
    write_backup(serving.settings, serving.database, folder, actor="t", clock=serving.clock)
    shutil.copytree(platform.home, home, ignore=shutil.ignore_patterns("*.db*", "hosts", "work*"))
    settings = serving.settings.model_copy(
        update={
            "home": home,
            "database_url": "",
            "vault_key_file": home / "vault-key.txt",
            "access_key_file": home / "access-key.txt",
            "audit_key_file": home / "audit-key.pem",
        }
    )
    restore(settings, folder, actor="t", clock=serving.clock)
    with Database(settings.database) as copy, copy.reading() as work:
        waiting = {str(each) for each in work.execute(text("SELECT id FROM deliveries")).scalars()}
        decided = set(work.execute(text("SELECT id FROM decisions")).scalars())
        outbox = work.execute(text("SELECT count(*) FROM outbox")).scalar_one()
    assert waiting or outbox
    assert len(decided) == 5
    from dbos import DBOS

    DBOS.destroy(destroy_registry=True)  # the service that was backed up is gone
    first = len(there.messages)
    there.status = 200

    def decisions() -> set[str]:
        found = (event for each in there.messages[first:] for event in each.events)
        return {event["data"]["decision_id"] for event in found}

    def everything_is_told() -> bool:
        ids = {each.headers["webhook-id"].replace("-", "") for each in there.messages[first:]}
        return to_tell <= decisions() and ids >= waiting

    with looked_after(settings, AnHourLater(), print), there.arrived:
        assert there.arrived.wait_for(everything_is_told, 60)
        told = there.messages[first:]
    ids = {each.headers["webhook-id"] for each in told}
    assert {each.replace("-", "") for each in ids} >= waiting
    assert tried & ids
