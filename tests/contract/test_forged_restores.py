"""Who can write the database says that a restore has lost what they cut off: a witness tells."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, insert, select, text

from amparo.access.audit.losses import RESTORED, restores
from amparo.access.audit.seal import Sealer
from amparo.access.audit.signing import signing_key
from amparo.access.audit.tables import EntryRow
from amparo.access.audit.telling import note_failed, standings
from amparo.access.audit.verify import TamperedError, verify
from amparo.app.backup import restore, write_backup
from amparo.app.check_witness import witness_findings
from amparo.core.clock import SystemClock
from amparo.core.ids import OrganisationId, milliseconds_of, new_id
from amparo.core.settings import Settings
from amparo.db import Database
from tests.conftest import Run
from tests.contract.test_audit import KEY, PUBLIC, write

CLOCK = SystemClock()
LATER = datetime(2099, 1, 1, tzinfo=UTC)
URL = "https://amparo.example"


def cut_off(database: Database, position: int) -> None:
    """The end, with its checkpoints and with what waits to be sealed."""
    with database.work() as work:
        work.execute(text(f"DELETE FROM audit_entries WHERE position > {position}"))
        work.execute(text("DELETE FROM audit_entries WHERE position IS NULL"))
        work.execute(text(f"DELETE FROM audit_checkpoints WHERE position > {position}"))


def forge(
    database: Database, position: object, at: datetime | None = None, epoch: UUID | None = None,
    backup_of: str = "", **others: object,
) -> UUID:  # fmt: skip
    """One row by hand: a restore that nobody made. Returns its id."""
    epoch = epoch or new_id()
    backup_of = backup_of or CLOCK.now().isoformat()
    detail = {"position": position, "backup_of": backup_of, "epoch": str(epoch)}
    with database.work() as work:
        organisation = work.execute(select(EntryRow.organisation_id).limit(1)).scalar_one()
        row = {"id": new_id(), "organisation_id": organisation, "at": at or CLOCK.now(),
               "actor": "operator:root", "action": RESTORED, "subject": "installation:x",
               "detail": detail}  # fmt: skip
        work.execute(insert(EntryRow).values(**(row | others)))
    return epoch


def id_of(at: datetime) -> UUID:
    """An id as if made then."""
    return UUID(int=(int(at.timestamp() * 1000) << 80) | (new_id().int & ((1 << 80) - 1)))


def restart(database: Database) -> None:
    """The sealer seals whatever waits, and the witness is not asked."""
    assert Sealer(database, KEY, CLOCK).step()


@pytest.fixture
def witness(database: Database, organisation: OrganisationId, tmp_path: Path) -> Path:
    """Of 24 entries, told at the 4th, the 14th and the 24th."""
    file = tmp_path / "witness.jsonl"
    for portion in ("abcd", "efghijklmn", "opqrstuvwx"):
        write(database, organisation, *portion)
        Sealer(database, KEY, CLOCK, witness=file).step()
    return file


CLAIMS: dict[str, dict[str, object]] = {
    "the end, now": {"position": 14},
    "everything, now": {"position": 0},
    "everything, in years": {"position": 0, "at": LATER},
    "with an id of another kind": {"position": 14, "epoch": uuid4()},
}


@pytest.mark.parametrize("is_sealed", [False, True], ids=["unsealed", "sealed by a restart"])
@pytest.mark.parametrize("claim", CLAIMS)
def test_a_restore_that_nobody_says_to_have_made_explains_nothing(
    database: Database, witness: Path, claim: str, is_sealed: bool
) -> None:
    cut_off(database, 14)
    forged = forge(database, **CLAIMS[claim])
    if is_sealed:
        restart(database)
    with pytest.raises(TamperedError) as raised:
        verify(database, PUBLIC, witness=witness)
    if is_sealed and claim.endswith("now"):
        assert "10 entries after entry 14 that are not on record" in raised.value.message
        assert f"If you made that restore, say so with --restored {forged}" in raised.value.message
    else:
        assert "knows of entry 24; the trail ends at" in raised.value.message


IMPOSSIBLE: dict[str, dict[str, object]] = {
    "it is to come": {"position": 14, "at": LATER, "epoch": id_of(LATER)},
    "its id was made before": {"position": 14, "epoch": id_of(CLOCK.now() - timedelta(seconds=5))},
    "its id is of another kind": {"position": 14, "epoch": uuid4()},
    "nothing was signed there": {"position": 13},
    "it is its backup's end itself": {"position": 15},
    "it is before its backup's end": {"position": 24},
    "its backup's end is before all": {"position": -1},
    "its backup's end is no number": {"position": [14]},
    "its backup has no moment": {"position": 14, "backup_of": "2026-11-26"},
    "it says nothing": {"position": 14, "detail": {}},
    "it is a list": {"position": 14, "detail": [1]},
    "it is no more than words": {"position": 14, "detail": "restored"},
}


@pytest.mark.parametrize("claim", IMPOSSIBLE)
def test_what_cannot_be_a_restore_explains_nothing_whatever_is_said(
    database: Database, witness: Path, claim: str
) -> None:
    cut_off(database, 14)
    forged = forge(database, **IMPOSSIBLE[claim])
    restart(database)
    for _ in range(2):  # with the end that was told behind the trail's, and within it
        with pytest.raises(TamperedError, match="24"):
            verify(database, PUBLIC, witness=witness, restored=[forged])
        write(database, OrganisationId(new_id()), *"abcdefghijk")
        restart(database)


def test_an_entry_that_is_not_sealed_explains_nothing_whatever_is_said(
    database: Database, witness: Path
) -> None:
    cut_off(database, 14)
    forged = forge(database, 14)
    with pytest.raises(TamperedError, match=f"The restore {forged} is not sealed yet"):
        verify(database, PUBLIC, witness=witness, restored=[forged])
    with database.work() as work:  # as if it were, outside of the chain
        work.execute(text("UPDATE audit_entries SET position = 0 WHERE position IS NULL"))
    with pytest.raises(TamperedError, match="knows of entry 24"):
        verify(database, PUBLIC, witness=witness, restored=[forged])


def test_what_comes_before_a_restore_is_not_explained_by_it(
    database: Database, witness: Path
) -> None:
    """Somebody with the key writes all anew, and says that a restore went back to nothing."""
    with database.work() as work:
        work.execute(text("DELETE FROM audit_checkpoints"))
        work.execute(text("UPDATE audit_entries SET position = NULL, digest = NULL, actor = 'u'"))
        work.execute(text("DELETE FROM audit_entries WHERE action IN ('u', 'v', 'w', 'x')"))
    forged = forge(database, 0)
    restart(database)
    with pytest.raises(TamperedError, match=r"told at entry 4 is not on record"):
        verify(database, PUBLIC, witness=witness, restored=[forged])


@pytest.mark.parametrize("again", [False, True], ids=["dated back", "dated now"])
def test_the_id_of_a_true_restore_does_not_explain_a_later_cut(
    database: Database, organisation: OrganisationId, witness: Path, tmp_path: Path, again: bool
) -> None:
    here = Settings(home=tmp_path / "home", database_url=str(database.engine.url.render_as_string(
        hide_password=False)))  # fmt: skip
    write_backup(here, database, tmp_path / "backup", actor="t", clock=CLOCK)
    database.engine.dispose()
    made = restore(here, tmp_path / "backup", actor="t", clock=CLOCK, replace=True)
    write(database, organisation, "y", "z")
    Sealer(database, KEY, CLOCK, witness=witness).step()
    verify(database, PUBLIC, witness=witness, restored=[made.epoch])
    cut_off(database, 14)
    milliseconds = milliseconds_of(made.epoch)
    assert milliseconds is not None
    back = datetime.fromtimestamp(milliseconds / 1000, UTC)
    at = back + timedelta(minutes=1) if again else back
    forge(database, 14, at, made.epoch)
    restart(database)
    with pytest.raises(TamperedError):
        verify(database, PUBLIC, witness=witness, restored=[made.epoch])


def test_verifying_forgets_a_refusal_only_where_all_that_is_lost_is_said_to_be_restored(
    database: Database, database_url: str, organisation: OrganisationId, amparo: Run,
    tmp_path: Path,
) -> None:  # fmt: skip
    here = Settings(home=tmp_path / "home", database_url=database_url)
    here.home.mkdir()
    file = tmp_path / "witness.jsonl"
    key = signing_key(here.audit_key)

    def seal(*actions: str) -> None:
        write(database, organisation, *actions)
        Sealer(database, key, CLOCK, witness=file).step()

    def is_refused() -> bool:
        with database.reading() as work:
            return any(each.refused for each in standings(work))

    def verified(*arguments: str) -> tuple[int, str]:
        ended = amparo(
            "audit", "verify", "--witness", file, *arguments,
            env={"AMPARO_HOME": str(here.home), "AMPARO_DATABASE_URL": database_url},
        )  # fmt: skip
        return ended.status, ended.out + ended.err

    seal("a", "b")
    write_backup(here, database, tmp_path / "backup", actor="t", clock=CLOCK)
    seal("c", "d")
    database.engine.dispose()
    made = restore(here, tmp_path / "backup", actor="t", clock=CLOCK, replace=True).epoch
    seal("e")
    with database.work() as work:
        note_failed(work, str(file), "Another trail.", CLOCK.now(), refused=True)
    status, said = verified()
    assert (status, f"--restored {made}" in said, is_refused()) == (1, True, True)
    status, said = verified("--restored", str(new_id()))
    assert (status, f"--restored {made}" in said, is_refused()) == (1, True, True)
    assert verified("--restored", "mine")[0] == 2
    status, said = verified("--restored", str(made))
    assert (status, "2 entries after entry 3 were lost" in said, is_refused()) == (0, True, False)
    with database.work() as work:
        note_failed(work, str(file), "Another trail.", CLOCK.now(), refused=True)
    seal("f")
    with database.reading() as work:
        last = work.execute(select(func.max(EntryRow.position))).scalar_one()
    cut_off(database, last - 1)
    status, said = verified("--restored", str(made))
    assert (status, "does not explain that" in said, is_refused()) == (1, True, True)


def test_doctor_names_the_restore_on_record_where_a_witness_refuses(
    database: Database, witness: Path
) -> None:
    here = Settings(audit_witness_url=URL)
    with database.work() as work:
        note_failed(work, URL, "Another trail.", CLOCK.now(), refused=True)
    with database.reading() as work:
        assert "--restored" not in "".join(witness_findings(here, work, CLOCK))
    forged = forge(database, 14)
    with database.reading() as work:
        assert [each.id for each in restores(work)] == [forged]
        said = "".join(witness_findings(here, work, CLOCK))
    assert f"`amparo audit verify --witness {URL} --restored {forged}`" in said
    assert "If you made it, and only then" in said
