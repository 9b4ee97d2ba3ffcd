"""Setting up says what is missing and how to get it, and never goes on without it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SET_UP = Path(__file__).parents[2] / "tools" / "set-up"


def set_up(python: Path, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The script in an empty folder, where apt-get and id are what `folder` says they are."""
    place = folder / "project"
    place.mkdir()
    return subprocess.run(
        [SET_UP, python, "dev"], cwd=place, capture_output=True, text=True,
        env=os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"} | environment,
    )  # fmt: skip


def program(folder: Path, name: str, line: str) -> None:
    path = folder / name
    path.write_text(f"#!/usr/bin/env bash\n{line}\n")
    path.chmod(0o755)


def test_without_venv_a_user_is_told_the_command_to_type(tmp_path: Path) -> None:
    program(tmp_path, "id", "echo 1000")
    program(tmp_path, "apt-get", "echo called >&2; exit 1")
    ended = set_up(venvless(tmp_path), tmp_path)
    assert ended.returncode != 0
    assert f"sudo apt-get install {venv_package()}" in ended.stderr
    assert "called" not in ended.stderr
    assert not (tmp_path / "project" / ".venv").exists()


def test_without_venv_root_installs_it_and_says_so(tmp_path: Path) -> None:
    program(tmp_path, "id", "echo 0")
    program(tmp_path, "apt-get", f"echo apt-get $* >> '{tmp_path}/calls'")
    ended = set_up(venvless(tmp_path), tmp_path)
    assert f"installing {venv_package()}" in ended.stdout
    calls = (tmp_path / "calls").read_text()
    assert "apt-get update -qq\n" in calls
    assert f"install -y -qq {venv_package()}" in calls
    assert ended.returncode != 0, "this apt-get installed nothing, so that it must not go on"


@pytest.mark.parametrize("command", ["true-is-no-python", "false"])
def test_what_is_no_python_is_refused(tmp_path: Path, command: str) -> None:
    ended = set_up(Path(command), tmp_path)
    assert ended.returncode != 0
    assert "Python 3.11 or newer" in ended.stderr


def venvless(folder: Path) -> Path:
    """A Python as Debian ships it: neither `-m venv` nor ensurepip."""
    command = folder / "python"
    program(
        folder,
        "python",
        'case "$*" in *ensurepip*|*"-m venv"*) echo "ensurepip is not available" >&2; exit 1;; '
        f'esac\nexec "{sys.executable}" "$@"',
    )
    return command


def venv_package() -> str:
    return f"python3.{sys.version_info[1]}-venv"
