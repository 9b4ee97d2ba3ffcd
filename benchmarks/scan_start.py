"""How long a person waits for `amparo scan` of a single picture, and for `amparo --help`."""

import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.figures import Figure, medians_ms
from benchmarks.pictures import enlarged

SCAN_LIMIT_S = 1.5
HELP_LIMIT_S = 0.3

_IMPORTS = "import amparo.interfaces.cli.prepare, amparo.app.scan_files, amparo.detect.matching"
_SANDBOX = """
import os
from amparo.app.compiled import kernel_folder
from amparo.app.sandbox import open_sandbox
from amparo.core.settings import settings
os.environ["NUMBA_CACHE_DIR"] = str(kernel_folder(settings().home))
with open_sandbox(settings()) as sandbox:
    sandbox.submit(int, os.getpid).result()
"""


def measure(rounds: int = 7) -> list[Figure]:
    """Median wall times in seconds, kernels compiled, over what each may take."""
    with tempfile.TemporaryDirectory() as folder:
        picture, known = Path(folder) / "picture.jpg", Path(folder) / "known.txt"
        picture.write_bytes(enlarged(640, 480, 1)[0])
        known.write_text("pdq:" + "0f" * 32 + "\n")
        scan = [sys.executable, "-m", "amparo", "scan", str(picture), "--against", str(known)]
        commands = {
            "scan": scan,
            "imports": [sys.executable, "-c", _IMPORTS],
            "sandbox": [sys.executable, "-c", _SANDBOX],
            "help": [sys.executable, "-m", "amparo", "--help"],
            "help of scan": [sys.executable, "-m", "amparo", "scan", "--help"],
        }
        runs = {name: partial(_run, command) for name, command in commands.items()}
        seconds = {name: [ms / 1000] for name, ms in medians_ms(runs, rounds).items()}
    return [
        _within("scan of one picture", seconds["scan"], SCAN_LIMIT_S),
        _part("of which imports of the command", seconds["imports"]),
        _part("of which, at the same time, a sandbox until its first answer", seconds["sandbox"]),
        _within("--help", seconds["help"], HELP_LIMIT_S),
        _within("scan --help", seconds["help of scan"], HELP_LIMIT_S),
    ]


def _part(name: str, seconds: list[float]) -> Figure:
    return Figure.of(name, "s", seconds, [SCAN_LIMIT_S], "limit", at_most=True)


def _within(name: str, seconds: list[float], limit_s: float) -> Figure:
    return Figure.of(name, "s", seconds, [limit_s], "limit", target=1.0, at_most=True)


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
