"""Compiled kernels that were damaged are compiled again, and no picture is blamed."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import amparo as package
from amparo.testing.hostile import encoded, photograph_like
from tests.conftest import Run

COMPILE_S = 400
"""On a machine that does other things too."""


@pytest.mark.slow
def test_damaged_kernels_are_compiled_again(tmp_path: Path, amparo: Run) -> None:
    home = {"AMPARO_HOME": str(tmp_path / "home")}
    (tmp_path / "a.jpg").write_bytes(encoded(photograph_like(), "JPEG"))
    assert "Compiling the kernels: done" in amparo("hash", "a.jpg", env=home, timeout=COMPILE_S).err
    good = amparo("hash", "a.jpg", env=home)
    assert (good.status, good.err) == (0, "")
    kernels = sorted((tmp_path / "home").rglob("*.nbc"))
    assert len(kernels) > 5
    kernels[0].write_bytes(b"")
    again = amparo("hash", "a.jpg", env=home, timeout=COMPILE_S)
    assert "are damaged" in again.err
    assert (again.status, again.out) == (0, good.out)


@pytest.mark.slow
def test_two_versions_and_two_processes_share_one_home(tmp_path: Path, amparo: Run) -> None:
    """Each version keeps its own kernels, and who starts while they are compiled waits."""
    home = {"AMPARO_HOME": str(tmp_path / "home")}
    (tmp_path / "a.jpg").write_bytes(encoded(photograph_like(), "JPEG"))
    other = tmp_path / "src"
    shutil.copytree(Path(package.__file__).parent, other / "amparo")
    (other / "amparo" / "kernels" / "digests.py").touch()

    def run(**environment: str) -> str:
        ended = amparo("hash", "a.jpg", env=home | environment, timeout=COMPILE_S)
        assert ended.status == 0
        return ended.err

    with ThreadPoolExecutor() as pool:
        said = [each.result() for each in [pool.submit(run) for _ in range(2)]]
    assert sum("Compiling the kernels: done" in each for each in said) == 1, said
    assert "Compiling the kernels: done" in run(PYTHONPATH=str(other))
    assert run(PYTHONPATH=str(other)) == ""
    assert run() == ""
