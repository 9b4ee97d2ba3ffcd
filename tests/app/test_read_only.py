"""On a disk where nothing can be kept beside the program, kernels go to AMPARO_HOME or nowhere."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SEALED = (
    # As where neither the program's folder nor the account's own can be written.
    "import numba.core.caching as caching\n"
    "caching.CacheImpl._locator_classes = [caching.UserProvidedCacheLocator]\n"
)


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    left = {key: value for key, value in os.environ.items() if key != "NUMBA_CACHE_DIR"}
    return subprocess.run(
        [sys.executable, "-c", code],
        env=left | environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_what_runs_no_kernel_works_where_none_can_be_kept() -> None:
    ended = run(SEALED + "import amparo.app.change_lists")
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("name", ["serve", "api"])
def test_serving_names_the_folder_before_it_imports_a_kernel(tmp_path: Path, name: str) -> None:
    """It ends at the first thing that it opens, an address that there is not."""
    code = (
        "import os, sys\n"
        "def look(event, about):\n"
        "    if event == 'import' and about[0] == 'numba':\n"
        "        os.write(1, os.environ.get('NUMBA_CACHE_DIR', '').encode() + b'\\n')\n"
        "sys.addaudithook(look)\n"
        f"from amparo.programs.{name}.command import command\n"
        "from click.testing import CliRunner\n"
        "said = CliRunner().invoke(command, ['--host', 'no address']).exception\n"
        "assert 'cannot be listened on' in str(said), said\n"
    )
    ended = run(code, AMPARO_HOME=str(tmp_path))
    assert ended.stdout, ended.stderr
    assert Path(ended.stdout.splitlines()[0]).parent == tmp_path / "kernels"
