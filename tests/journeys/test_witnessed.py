"""Two Amparos: one decides, the other is its witness, and knows what the first one's hands did."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import text

from amparo.core.settings import settings
from amparo.db import Database
from amparo.db.migrate import upgrade
from tests.conftest import Ended, Run
from tests.contract.test_forged_restores import cut_off, forge
from tests.databases import a_postgres_database
from tests.journeys.test_serve import WAIT_S, free_port, start


@dataclass
class Two:
    """The one that decides, its settings, and the one that witnesses it."""

    run: Run
    environment: dict[str, str]
    witness: str
    database: str
    home: Path

    def decide(self, *notes: str) -> None:
        """Serve, decide on each, and end: what is left is sealed and told then."""
        port = free_port()
        process, said = start(self.home, "--port", str(port), environment=self.environment)
        key_file = self.home / "first-key"
        found = re.findall(r"amparo_\w+", "".join(said))
        if found:
            key_file.write_text(found[0])
        headers = {"Authorization": f"Bearer {key_file.read_text()}"}
        try:
            with httpx2.Client(
                base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60
            ) as client:
                assert client.get("/healthz").status_code == 200
                for each in notes:
                    assert client.post("/v1/lists", json={"name": each}).status_code == 201
                    assert client.post("/v1/media", content=each.encode()).status_code == 200
        finally:
            process.terminate()
            _, self.log = process.communicate(timeout=WAIT_S)

    def verify(self, *arguments: str) -> Ended:
        """By its own checkpoints alone, unless told otherwise."""
        return self.run("audit", "verify", *arguments, env={**self.alone, **self.key})

    @property
    def alone(self) -> dict[str, str]:
        """The settings without a witness."""
        left = {key: value for key, value in self.environment.items() if "WITNESS" not in key}
        return left | {"AMPARO_HOME": str(self.home)}

    @property
    def key(self) -> dict[str, str]:
        """The file with the key by which the witness knows it."""
        name = "AMPARO_AUDIT_WITNESS_KEY_FILE"
        return {name: self.environment[name]}

    @property
    def key_text(self) -> str:
        """That key."""
        return Path(self.environment["AMPARO_AUDIT_WITNESS_KEY_FILE"]).read_text().strip()

    def by_hand(self, *statements: str) -> None:
        """What somebody does who has the database."""
        with Database(self.database) as database, database.work() as work:
            for each in statements:
                work.execute(text(each))

    def last(self) -> int:
        """The last entry that is sealed."""
        with Database(self.database) as database, database.reading() as work:
            asked = text("SELECT max(position) FROM audit_checkpoints")
            return int(work.execute(asked).scalar_one())


@pytest.fixture
def two(
    request: pytest.FixtureRequest,
    database_url: str,
    tmp_path: Path,
    amparo: Run,
    socket_enabled: None,
) -> Iterator[Two]:
    homes = {each: tmp_path / each for each in ("first", "second")}
    for home in homes.values():
        home.mkdir()
        shutil.copytree(settings().home / "kernels", home / "kernels")
    with ExitStack() as stack:
        theirs = f"sqlite:///{tmp_path}/theirs.db"
        if database_url.startswith("postgres"):
            server = request.getfixturevalue("postgres_url")
            urls = a_postgres_database(server)
            theirs = next(urls)
            stack.callback(lambda: next(urls, None))
        for url in (database_url, theirs):
            with Database(url) as database:
                upgrade(database)
        port = free_port()
        environment = {"AMPARO_DATABASE_URL": theirs}
        process, _ = start(homes["second"], "--port", str(port), environment=environment)
        stack.callback(process.communicate)
        stack.callback(process.kill)
        home = {"AMPARO_HOME": str(homes["second"])}
        made = amparo("keys", "create", "first site", "--scope", "audit:witness",
                      env=environment | home)  # fmt: skip
        key_file = tmp_path / "witness-key"
        key_file.write_text(made.out)
        witness = f"http://127.0.0.1:{port}"
        environment = {
            "AMPARO_DATABASE_URL": database_url,
            "AMPARO_AUDIT_WITNESS_URL": witness,
            "AMPARO_AUDIT_WITNESS_KEY_FILE": str(key_file),
        }
        yield Two(amparo, environment, witness, database_url, homes["first"])


def test_an_end_that_was_cut_off_and_sealed_anew_is_known_to_the_other_amparo(two: Two) -> None:
    two.decide("one", "two")
    two.decide("three", "four")
    last = two.last()
    good = two.verify("--witness", two.witness)
    assert good.status == 0, good.err
    assert "told to witnesses are on record" in good.out
    two.by_hand(
        f"DELETE FROM audit_entries WHERE position > {last - 2}",
        f"DELETE FROM audit_checkpoints WHERE position > {last - 2}",
        "DELETE FROM audit_checkpoints WHERE position = "
        "(SELECT max(position) FROM audit_checkpoints)",
    )
    # The end that is left has no checkpoint: taken out of the chain, it is sealed anew.
    sealed = "coalesce((SELECT max(position) FROM audit_checkpoints), 0)"
    two.by_hand(
        f"UPDATE audit_entries SET position = NULL, digest = NULL WHERE position > {sealed}"
    )
    sealing = (
        "from amparo.access.audit.seal import Sealer\n"
        "from amparo.access.audit.signing import signing_key\n"
        "from amparo.core.clock import SystemClock\n"
        "from amparo.core.settings import settings\n"
        "from amparo.db import Database\n"
        "with Database(settings().database) as database:\n"
        "    Sealer(database, signing_key(settings().audit_key), SystemClock()).step()\n"
    )
    subprocess.run([sys.executable, "-c", sealing], env=os.environ | two.alone, check=True)
    assert two.last() == last - 2
    alone = two.verify()
    assert alone.status == 0, alone.err
    assert "Without a witness nobody can tell" in alone.err
    found = two.verify("--witness", two.witness)
    assert found.status == 1
    assert f"knows of entry {last}; the trail ends at {last - 2}" in found.err
    two.decide()  # it serves again, and tells its witness what is left
    assert "knows of another trail" in two.log
    doctor = two.run("doctor", env=two.environment | {"AMPARO_HOME": str(two.home)})
    assert "knows of another trail" in doctor.out


@pytest.mark.slow
def test_a_restore_that_is_only_on_record_hides_no_end_that_was_cut_off(two: Two) -> None:
    """Without the audit key: the service seals what somebody has written into its database."""
    two.decide("one")
    cut = two.last()
    two.decide("two", "three")
    last = two.last()
    with Database(two.database) as database:
        cut_off(database, cut)
        forged = forge(database, cut)
    unsealed = two.verify("--witness", two.witness)
    assert unsealed.status == 1
    assert f"knows of entry {last}" in unsealed.err
    two.decide()
    assert "knows of another trail" in two.log
    while two.last() <= last:  # the witness takes it again once it is longer
        two.decide("four", "five")
    for _ in range(2):
        found = two.verify("--witness", two.witness)
        assert found.status == 1
        assert f"{last - cut} entries after entry {cut}" in found.err
        assert f"--restored {forged}" in found.err
        doctor = two.run("doctor", env=two.environment | {"AMPARO_HOME": str(two.home)})
        assert "knows of another trail" in doctor.out
        assert f"--witness {two.witness} --restored {forged}" in doctor.out
    with httpx2.Client(headers={"Authorization": f"Bearer {two.key_text}"}) as client:
        kept = client.get(f"{two.witness}/v1/checkpoints?contradicting=true").json()
    assert kept["checkpoints"], "the evidence is never dropped"


@pytest.mark.slow
def test_a_past_that_was_rewritten_and_a_new_key_are_known_to_the_other_amparo(two: Two) -> None:
    two.decide("one")
    last = two.last()
    two.by_hand(
        "UPDATE audit_entries SET position = NULL, digest = NULL, actor = 'somebody else'",
        "DELETE FROM audit_checkpoints",
    )
    two.environment.pop("AMPARO_AUDIT_WITNESS_URL")
    two.decide("two")
    assert two.verify().status == 0
    found = two.verify("--witness", two.witness)
    assert found.status == 1
    assert f"was told at entry {last} is not on record" in found.err
    assert "from entry 1 to" in found.err
    (two.home / "audit-key.pem").unlink()
    two.by_hand("UPDATE audit_entries SET position = NULL, digest = NULL",
                "DELETE FROM audit_checkpoints",
                "UPDATE installation SET audit_key = NULL")  # fmt: skip
    two.decide()
    assert two.verify().status == 0
    anew = two.verify("--witness", two.witness)
    assert anew.status == 1
    assert f"at entry {last} is not signed by this key" in anew.err


@pytest.mark.slow
def test_a_witness_that_says_nothing_is_a_plain_error(two: Two, tmp_path: Path) -> None:
    two.decide()
    for file, said in (
        ('{"position": 1', "Line 1"),
        ("[" * 100_000, "Line 1"),
        ('{"position": 1, "at": "x"}\n', "Line 1"),
        ("\n\nä\n", "Line 3"),
    ):
        damaged = tmp_path / "witness.jsonl"
        damaged.write_text(file)
        ended = two.verify("--witness", str(damaged))
        assert (ended.status, said in ended.err) == (2, True), ended.err
    for url in (f"http://127.0.0.1:{free_port()}", "http://amparo.example", "https://"):
        ended = two.verify("--witness", url)
        assert ended.status == 2
        assert ended.err.startswith("amparo: "), ended.err
    wrong = tmp_path / "wrong-key"
    wrong.write_text("amparo_a_b\n")
    refused = two.verify("--witness", two.witness, "--witness-key-file", str(wrong))
    assert refused.status == 2
    assert "has answered 401" in refused.err
    assert two.verify("--witness", str(tmp_path / "none")).status == 2
