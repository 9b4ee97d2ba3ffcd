"""A command elsewhere is told what the trail came to, and so knows when its end was cut off."""

import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from amparo.access.audit.seal import Sealer
from amparo.access.audit.verify import TamperedError, verify
from amparo.access.audit.witness import WitnessCommand
from amparo.core.clock import SystemClock
from amparo.core.errors import Unavailable
from amparo.core.ids import OrganisationId
from amparo.db import Database
from tests.contract.test_audit import KEY, PUBLIC, write

APPENDS = "import sys; open(sys.argv[1], 'ab').write(sys.stdin.buffer.read())"


def test_an_end_that_was_cut_off_is_known_by_what_the_command_has_kept(
    database: Database, organisation: OrganisationId, tmp_path: Path
) -> None:
    kept = tmp_path / "elsewhere.jsonl"
    witness = WitnessCommand(database, [sys.executable, "-c", APPENDS, str(kept)])
    sealer = Sealer(database, KEY, SystemClock())
    assert witness.step() is False
    for portion in ("abc", "d", "efg"):
        write(database, organisation, *portion)
        sealer.step()
        assert witness.step() is True
        assert witness.step() is False
    assert len(kept.read_text().splitlines()) == 3
    verify(database, PUBLIC, witness=kept)
    with database.work() as work:
        work.execute(text("DELETE FROM audit_entries WHERE position > 4"))
        work.execute(text("DELETE FROM audit_checkpoints WHERE position > 4"))
    verify(database, PUBLIC)  # nobody here can tell
    with pytest.raises(TamperedError, match="knows of entry 7"):
        verify(database, PUBLIC, witness=kept)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["no-such-command-here"], "cannot be started"),
        ([sys.executable, "-c", "import sys; sys.exit('no route')"], "status 1: no route"),
    ],
)
def test_a_command_that_fails_is_told_the_newest_again(
    database: Database, organisation: OrganisationId, command: list[str], said: str
) -> None:
    witness = WitnessCommand(database, command)
    write(database, organisation, "a")
    Sealer(database, KEY, SystemClock()).step()
    for _ in range(2):
        with pytest.raises(Unavailable, match=said):
            witness.step()
