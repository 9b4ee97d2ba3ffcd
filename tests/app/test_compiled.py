"""Compiled kernels that were damaged are compiled again, and no picture is blamed."""

from pathlib import Path

import pytest

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
