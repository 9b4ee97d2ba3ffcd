"""Whatever is done to the audit trail by hand afterwards is found, and named."""

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from amparo.access.audit import record
from amparo.access.audit.chain import Head
from amparo.access.audit.seal import Sealer
from amparo.access.audit.signing import signing_key
from amparo.access.audit.verify import TamperedError, verify
from amparo.core.clock import SystemClock
from amparo.core.errors import Unavailable
from amparo.core.ids import OrganisationId, new_id
from amparo.db import Database
from tests.databases import NOW

KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key()


def write(database: Database, organisation: OrganisationId, *actions: str) -> None:
    for action in actions:
        with database.work() as work:
            record(
                work, organisation, actor="t", action=action, subject="s", now=NOW,
                detail={"a": 1, "ü": [1.5, None, "x"]},
            )  # fmt: skip


@pytest.fixture
def trail(database: Database, organisation: OrganisationId, tmp_path: Path) -> Database:
    """Ten entries in four portions, each with a checkpoint, told to a witness."""
    sealer = Sealer(database, KEY, SystemClock(), witness=tmp_path / "witness")
    for portion in ("abc", "d", "efg", "hij"):
        write(database, organisation, *portion)
        assert sealer.step() == len(portion)
    assert sealer.step() == 0
    return database


def test_an_untouched_trail_is_verified(
    trail: Database, organisation: OrganisationId, tmp_path: Path
) -> None:
    write(trail, organisation, "k")
    found = verify(trail, PUBLIC, witness=tmp_path / "witness")
    assert (found.entries, found.checkpoints, found.waiting) == (10, 4, 1)


TAMPERINGS = {
    "an actor is changed": "UPDATE audit_entries SET actor = 'u' WHERE position = 5",
    "an action is changed": "UPDATE audit_entries SET action = 'B' WHERE position = 2",
    "a detail is changed": "UPDATE audit_entries SET detail = '{}' WHERE position = 10",
    "a time is changed": "UPDATE audit_entries SET at = '2020-01-01 00:00:00' WHERE position = 1",
    "a digest is changed": "UPDATE audit_entries SET digest = NULL WHERE position = 4",
    "the first is removed": "DELETE FROM audit_entries WHERE position = 1",
    "one is removed": "DELETE FROM audit_entries WHERE position = 6",
    "the last is removed": "DELETE FROM audit_entries WHERE position = 10",
    "one is taken out of the chain": "UPDATE audit_entries SET position = NULL WHERE position = 10",
    "the last checkpoint is removed": "DELETE FROM audit_checkpoints WHERE position = 10",
    "a checkpoint is moved": "UPDATE audit_checkpoints SET position = 5 WHERE position = 4",
    "a root is changed": "UPDATE audit_checkpoints SET root = digest WHERE position = 7",
}  # fmt: skip


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_what_is_done_by_hand_is_found(trail: Database, tampering: str) -> None:
    with trail.work() as work:
        work.execute(text(TAMPERINGS[tampering]))
    with pytest.raises(TamperedError):
        verify(trail, PUBLIC)


def test_two_entries_that_change_places_are_found(trail: Database) -> None:
    with trail.work() as work:
        for statement in (
            "= 99 WHERE position = 4",
            "= 4 WHERE position = 5",
            "= 5 WHERE position = 99",
        ):
            work.execute(text(f"UPDATE audit_entries SET position {statement}"))
    with pytest.raises(TamperedError, match="Entry 4"):
        verify(trail, PUBLIC)


def test_an_end_that_was_cut_off_with_its_checkpoints_is_known_to_the_witness(
    trail: Database, tmp_path: Path
) -> None:
    with trail.work() as work:
        for table in ("audit_entries", "audit_checkpoints"):
            work.execute(text(f"DELETE FROM {table} WHERE position > 4"))
    assert verify(trail, PUBLIC).entries == 4
    with pytest.raises(TamperedError, match=r"witness \(line 3\) knows of entry 7"):
        verify(trail, PUBLIC, witness=tmp_path / "witness")


def test_a_trail_that_was_signed_anew_is_known_to_the_witness(
    trail: Database, tmp_path: Path
) -> None:
    """Whoever has the key rewrites everything, and seals it again."""
    with trail.work() as work:
        work.execute(text("DELETE FROM audit_checkpoints"))
        work.execute(text("UPDATE audit_entries SET position = NULL, digest = NULL, actor = 'u'"))
    assert Sealer(trail, KEY, SystemClock()).step() == 10
    verify(trail, PUBLIC)
    with pytest.raises(TamperedError, match="witness"):
        verify(trail, PUBLIC, witness=tmp_path / "witness")


def test_another_key_is_told(trail: Database) -> None:
    with pytest.raises(TamperedError, match="not signed"):
        verify(trail, Ed25519PrivateKey.generate().public_key())


def test_two_sealers_make_one_chain(database: Database, organisation: OrganisationId) -> None:
    sealers = [Sealer(database, KEY, SystemClock()) for _ in range(2)]
    for number in range(20):
        write(database, organisation, "a", "b")
        sealers[number % 2].step()
    assert verify(database, PUBLIC).entries == 40


def test_the_key_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "home" / "key.pem"
    first, again = signing_key(path), signing_key(path)
    assert first.public_key() == again.public_key()
    assert path.stat().st_mode & 0o777 == 0o600


def tree_root(leaves: list[bytes], node: Callable[[bytes, bytes], bytes]) -> bytes:
    """RFC 6962, section 2.1, word by word: split at the largest power of two below."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node(tree_root(leaves[:split], node), tree_root(leaves[split:], node))


@given(count=st.integers(1, 70))
def test_the_root_is_that_of_rfc_6962(count: int) -> None:
    import hashlib

    from amparo.access.audit.chain import canonical

    head = Head()
    leaves = []
    organisation = new_id()
    for number in range(count):
        entry = {
            "id": new_id(), "organisation_id": organisation, "at": NOW, "actor": "a",
            "action": str(number), "subject": "s", "detail": {},
        }  # fmt: skip
        head = head.after(entry)
        leaves.append(hashlib.sha256(b"\0" + canonical(entry)).digest())
    node = lambda left, right: hashlib.sha256(b"\1" + left + right).digest()  # noqa: E731
    assert head.root == tree_root(leaves, node)


def test_a_witness_file_that_cannot_be_written_is_named_and_nothing_is_sealed(
    database: Database, organisation: OrganisationId, tmp_path: Path
) -> None:
    with database.work() as work:
        record(work, organisation, actor="t", action="a", subject="s", now=NOW)
    away = tmp_path / "away" / "witness"
    with pytest.raises(Unavailable, match="AMPARO_AUDIT_WITNESS_FILE"):
        Sealer(database, KEY, SystemClock(), witness=away).step()
    assert verify(database, PUBLIC).waiting == 1
    away.parent.mkdir()
    assert Sealer(database, KEY, SystemClock(), witness=away).step() == 1
