"""Keys that are made before a first start, for what gets them from elsewhere."""

from pathlib import Path

from tests.conftest import Run

FILES = {
    "AMPARO_VAULT_KEY_FILE": "vault-key.txt",
    "AMPARO_ACCESS_KEY_FILE": "access-key.txt",
    "AMPARO_AUDIT_KEY_FILE": "audit-key.pem",
}


def test_keys_are_made_once_where_the_settings_say(amparo: Run, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    files = {name: keys / each for name, each in FILES.items()}
    where = {name: str(file) for name, file in files.items()}
    made = amparo("prepare", "--keys", env=where)
    assert made.status == 0, made.err
    assert made.out.splitlines() == [str(file) for file in files.values()]
    assert [file.stat().st_mode & 0o777 for file in files.values()] == [0o600] * 3
    before = {file: file.read_bytes() for file in files.values()}
    assert amparo("prepare", "--keys", env=where).status == 0
    assert {file: file.read_bytes() for file in files.values()} == before
    assert not any(file.read_text() in made.err + made.out for file in files.values())
