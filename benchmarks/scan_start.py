"""How long `amparo scan` takes for a single picture, kernels compiled, from prompt to prompt."""

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.figures import Figure, medians_ms
from benchmarks.pictures import enlarged

LIMIT_S = 1.5


def measure(rounds: int = 7) -> list[Figure]:
    """The median wall time in seconds, over the 1.5 s that it may take."""
    with tempfile.TemporaryDirectory() as folder:
        picture, known = Path(folder) / "picture.jpg", Path(folder) / "known.txt"
        picture.write_bytes(enlarged(640, 480, 1)[0])
        known.write_text("pdq:" + "0f" * 32 + "\n")
        scan = [sys.executable, "-m", "amparo", "scan", str(picture), "--against", str(known)]
        bare = [sys.executable, "-c", "import numba"]
        times = medians_ms({"scan": lambda: _run(scan), "numba": lambda: _run(bare)}, rounds)
    limit = [LIMIT_S]
    scan_s, numba_s = [times["scan"] / 1000], [times["numba"] / 1000]
    return [
        Figure.of("scan of one picture", "s", scan_s, limit, "limit", target=1.0, at_most=True),
        Figure.of("of which Python with numba alone", "s", numba_s, limit, "limit", at_most=True),
    ]


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
