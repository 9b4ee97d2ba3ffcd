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


def measure(rounds: int = 7) -> list[Figure]:
    """Median wall times in seconds, kernels compiled, over what each may take."""
    with tempfile.TemporaryDirectory() as folder:
        picture, known = Path(folder) / "picture.jpg", Path(folder) / "known.txt"
        picture.write_bytes(enlarged(640, 480, 1)[0])
        known.write_text("pdq:" + "0f" * 32 + "\n")
        scan = [sys.executable, "-m", "amparo", "scan", str(picture), "--against", str(known)]
        commands = {
            "scan": scan,
            "numba": [sys.executable, "-c", "import numba"],
            "help": [sys.executable, "-m", "amparo", "--help"],
            "help of scan": [sys.executable, "-m", "amparo", "scan", "--help"],
        }
        runs = {name: partial(_run, command) for name, command in commands.items()}
        seconds = {name: [ms / 1000] for name, ms in medians_ms(runs, rounds).items()}
    return [
        _within("scan of one picture", seconds["scan"], SCAN_LIMIT_S),
        Figure.of(
            "of which Python with numba alone", "s", seconds["numba"], [SCAN_LIMIT_S], "limit",
            at_most=True,
        ),
        _within("--help", seconds["help"], HELP_LIMIT_S),
        _within("scan --help", seconds["help of scan"], HELP_LIMIT_S),
    ]  # fmt: skip


def _within(name: str, seconds: list[float], limit_s: float) -> Figure:
    return Figure.of(name, "s", seconds, [limit_s], "limit", target=1.0, at_most=True)


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
