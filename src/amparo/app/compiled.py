"""The kernels as machine code for this processor: made once, with a word about the wait."""

import hashlib
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import amparo
from amparo.core.errors import Unavailable

_WARM_UP = (
    "import amparo.detect.hashing.preloaded, amparo.detect.matching.warm_up as matching;"
    "matching.warm_up()"
)


def ensure_compiled(home: Path, announce: Callable[[str], None]) -> None:
    """Compile the kernels into `home` unless that was done, and let this process use them.

    Call it before anything that imports a kernel. Raises Unavailable where nothing can be kept.
    """
    folder = kernel_folder(home)
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    done = folder / f"{_fingerprint()}.done"
    if done.exists():
        return
    announce("Compiling the kernels for this processor: once, for about 20 seconds …")
    result = subprocess.run(
        [sys.executable, "-c", _WARM_UP], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if result.returncode != 0:
        last = (result.stderr.strip().splitlines() or ["no message"])[-1]
        raise Unavailable(f"The kernels cannot be compiled here: {last}")
    done.touch()
    announce("Compiling the kernels: done.")


def kernel_folder(home: Path) -> Path:
    """The folder for kernels, made if need be. Raises Unavailable where nothing can be kept."""
    folder = home / "kernels"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise Unavailable(
            f"{home} cannot be written ({error.strerror}); set AMPARO_HOME to a folder of yours."
        ) from error


def _fingerprint() -> str:
    """What a compiled kernel depends on: its source, its compiler, this processor."""
    parts = [platform.python_version(), version("numba"), version("llvmlite"), _processor()]
    folder = Path(amparo.__file__).parent
    for source in sorted((folder / "kernels").rglob("*.py")):
        status = source.stat()
        parts.append(f"{source}:{status.st_size}:{status.st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _processor() -> str:
    """Model and instruction sets of the first processor."""
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        block = file.read().split("\n\n", 1)[0]
    wanted = ("model name", "flags", "CPU part", "Features")
    return "\n".join(line for line in block.splitlines() if line.startswith(wanted))
