"""A drill is served with production's settings, and nobody whom these name hears of it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import select

from amparo.access.audit.seal import Sealer
from amparo.access.audit.signing import signing_key
from amparo.access.audit.tables import EntryRow
from amparo.access.audit.verify import TamperedError, verify
from amparo.access.installation import epoch
from amparo.access.keys import create_key, create_organisation
from amparo.access.model import Scope
from amparo.access.people.secrets import access_key
from amparo.access.solo import Solo, give_notice, record_solo
from amparo.app.backup import restore, write_backup
from amparo.app.kept_keys import make_or_find_keys
from amparo.core.clock import SystemClock
from amparo.core.ids import OrganisationId, new_id
from amparo.core.settings import Settings
from amparo.db import Database
from amparo.db.migrate import upgrade
from amparo.db.outbox import put
from amparo.detect.media.sandbox import Sandbox
from amparo.respond.webhooks.model import Event
from amparo.respond.webhooks.store import Webhooks
from amparo.testing.receiver import Receiver, receiver
from tests.contract.test_audit import write
from tests.contract.test_solo import SECOND, Letters, letters  # noqa: F401 (a fixture)
from tests.databases import NOW
from tests.interfaces.conftest import Platform, serving_platform

CLOCK = SystemClock()
KEYS = ("vault-key.txt", "access-key.txt", "audit-key.pem")
WAIT_S = 60


@dataclass
class Elsewhere:
    """All whom production tells, and the settings that name them."""

    platform: Receiver
    witness: Receiver
    letters: Letters
    file: Path
    taken: Path
    """What the witness command was given."""

    settings: dict[str, object]

    def heard(self) -> tuple[object, ...]:
        """By each of them."""
        return (
            len(self.platform.messages),
            len(self.witness.messages),
            len(self.letters.letters),
            self.file.read_text(),
            self.taken.read_text(),
        )


@pytest.fixture
def elsewhere(
    socket_enabled: None,
    letters: tuple[Letters, Settings],  # noqa: F811
    tmp_path: Path,
) -> Iterator[Elsewhere]:
    sink, mail = letters
    file, taken, witness_key = (tmp_path / each for each in ("witness", "taken", "witness-key"))
    taken.touch()
    witness_key.write_text("amparo_0123456789")
    with receiver() as platform, receiver() as witness:
        settings: dict[str, object] = {
            "webhook_hosts": ("127.0.0.1",),
            "audit_witness_file": file,
            "audit_witness_command": ("tee", "-a", str(taken)),
            "audit_witness_url": f"http://127.0.0.1:{witness.port}",
            "audit_witness_key_file": witness_key,
            "mail_server": mail.mail_server,
            "mail_from": mail.mail_from,
        }
        yield Elsewhere(platform, witness, sink, file, taken, settings)


@dataclass
class Production:
    """An installation that goes on after its backup, and is not touched by a restore elsewhere."""

    settings: Settings
    backup: Path
    key: str
    elsewhere: Elsewhere

    def verify(self) -> int:
        """How many entries its trail has, if it is what its witness was told."""
        public = signing_key(self.settings.audit_key).public_key()
        with Database(self.settings.database) as database:
            found = verify(database, public, witness=self.elsewhere.file)
        assert found.lost == ()
        return found.entries


@pytest.fixture
def production(elsewhere: Elsewhere, tmp_path: Path) -> Production:
    """Backed up with a message, a letter and a checkpoint that somebody waits for."""
    settings = Settings(home=tmp_path / "production", database_url="")
    settings.home.mkdir()
    with Database(settings.database) as database:
        upgrade(database)
        make_or_find_keys(settings, database, lambda _: None)
        with database.work() as work:
            organisation = create_organisation(work, "a platform", NOW)
            key = create_key(work, organisation, "a key", Scope, now=NOW)
            webhooks, sealed_by = Webhooks(work, organisation), access_key(settings.access_key)
            webhooks.add(elsewhere.platform.url, [], sealed_by, NOW)
            put(work, organisation, Event.MEDIA_DECIDED, new_id(), {"number": 1}, NOW)
            record_solo(work, organisation, Solo(24, SECOND), actor="t", now=NOW)
            give_notice(work, organisation, "proposal:1", "Something was begun.", NOW)
        seal(settings, database, organisation, elsewhere.file, "a", "b")
        write_backup(settings, database, tmp_path / "backup", actor="test", clock=CLOCK)
        seal(settings, database, organisation, elsewhere.file, "c")
        seal(settings, database, organisation, elsewhere.file, "d", "e")
    return Production(settings, tmp_path / "backup", key, elsewhere)


def seal(
    settings: Settings, database: Database, organisation: OrganisationId, file: Path, *what: str
) -> None:
    write(database, organisation, *what)
    Sealer(database, signing_key(settings.audit_key), CLOCK, witness=file).step()


@contextmanager
def restored_and_served(
    production: Production, url: str, folder: Path, sandbox: Sandbox, *, drill: bool
) -> Iterator[Platform]:
    """In another place, with copies of the keys, and with production's settings otherwise."""
    home = folder / "home"
    home.mkdir(parents=True)
    for each in KEYS:
        (home / each).write_bytes((production.settings.home / each).read_bytes())
        (home / each).chmod(0o600)
    there = Settings(home=home, database_url=url)
    restore(there, production.backup, actor="test", clock=CLOCK, drill=drill)
    with contextmanager(serving_platform)(
        url, folder, sandbox, key=production.key, **production.elsewhere.settings
    ) as platform:
        yield platform


def decide(platform: Platform) -> None:
    """A note is decided; on record, and sealed."""
    answer = platform.http.post("/v1/media", content=b"a harmless note")
    assert answer.json()["action"] == "allow"

    def is_sealed() -> bool:
        with platform.serving.database.reading() as work:
            open_yet = select(EntryRow.id).where(EntryRow.position.is_(None))
            return not work.execute(open_yet.limit(1)).all()

    wait_until(is_sealed)


def wait_until(it_is_so: Callable[[], object]) -> None:
    waited = threading.Event()
    for _ in range(WAIT_S * 50):
        if it_is_so():
            return
        waited.wait(0.02)
    raise AssertionError("it did not happen")


def at_work() -> set[str]:
    """What is done in the background."""
    return {each.name for each in threading.enumerate()}


def test_a_drill_decides_and_seals_and_tells_nobody(
    production: Production, database_url: str, tmp_path: Path, sandbox: Sandbox
) -> None:
    before = production.elsewhere.heard()
    assert before[:3] == (0, 0, 0)
    with restored_and_served(
        production, database_url, tmp_path / "drill", sandbox, drill=True
    ) as platform:
        decide(platform)
        decide(platform)  # what looks each half second for something to send has looked meanwhile
        assert {"sealer", "sweep", "follower"} <= at_work()
        assert not {"witness", "durable work", "letters"} & at_work()
        assert [each for each in platform.said if each.startswith("This is a drill: ")]
        public = signing_key(platform.serving.settings.audit_key).public_key()
        with platform.serving.database.reading() as work:
            made = epoch(work)
        witness = production.elsewhere.file
        found = verify(
            platform.serving.database, public, witness=witness, restored=(made,), clock=CLOCK
        )
        assert found.lost
        with pytest.raises(TamperedError, match=str(made)):
            verify(platform.serving.database, public, witness=witness)
    assert production.elsewhere.heard() == before
    assert production.verify() == 6


def test_the_same_restored_for_good_tells_everybody(
    production: Production, database_url: str, tmp_path: Path, sandbox: Sandbox
) -> None:
    """Which is right where production is gone, and makes its witness useless where it is not."""
    there = production.elsewhere
    known = there.file.read_text()
    assert production.verify() == 6
    with restored_and_served(
        production, database_url, tmp_path / "moved", sandbox, drill=False
    ) as platform:
        assert {"sealer", "witness", "durable work", "letters"} <= at_work()
        assert not platform.said
        decide(platform)
        there.platform.wait_for(1)
        there.witness.wait_for(1)
        wait_until(lambda: there.letters.letters)
    assert there.taken.read_text()
    assert there.file.read_text() != known
    with pytest.raises(TamperedError, match="was rewritten"):
        production.verify()


def test_who_asks_for_a_message_is_told_that_none_is_sent(
    production: Production, database_url: str, tmp_path: Path, sandbox: Sandbox
) -> None:
    with restored_and_served(
        production, database_url, tmp_path / "drill", sandbox, drill=True
    ) as platform:
        (webhook,) = platform.http.get("/v1/webhooks").json()
        path = f"/v1/webhooks/{webhook['webhook']}"
        answers: list[httpx2.Response] = [
            platform.http.post(f"{path}/{each}") for each in ("tests", "replays", "resumption")
        ]
        assert [each.status_code for each in answers] == [409, 409, 409]
        assert all("is a drill" in each.json()["detail"] for each in answers)
