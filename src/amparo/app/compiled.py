"""The kernels as machine code for this processor: made once, with a word about the wait."""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import amparo
from amparo.core.errors import Unavailable

_DONE = "done"
_VERSIONS_KEPT = 8

_WARM_UP = (
    "import amparo.detect.hashing.preloaded, amparo.detect.matching.warm_up as matching;"
    "matching.warm_up()"
)


def ensure_compiled(home: Path, announce: Callable[[str], None]) -> None:
    """Compile the kernels into `home` unless that was done, and let this process use them.

    Call it before anything that imports a kernel. Raises Unavailable where nothing can be kept.
    """
    folder = keep_kernels_in(home)
    if _are_done(folder):
        return
    with open(folder / "lock", "w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            announce("Another process is compiling the kernels; waiting for it …")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if not _are_done(folder):  # as they are where another process compiled them meanwhile
            _compile(folder, announce)
    _remove_unused(folder)


def _compile(folder: Path, announce: Callable[[str], None]) -> None:
    done = folder / _DONE
    if done.exists():
        announce("The compiled kernels are damaged, perhaps by a power cut.")
        done.unlink()
        for path in folder.rglob("*.nb[ci]"):
            path.unlink()
    announce("Compiling the kernels for this processor: once, for about 20 seconds …")
    result = subprocess.run(
        [sys.executable, "-c", _WARM_UP], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    if result.returncode != 0:
        last = (result.stderr.strip().splitlines() or ["no message"])[-1]
        raise Unavailable(f"The kernels cannot be compiled here: {last}")
    done.write_text(_inventory(folder), encoding="utf-8")
    announce("Compiling the kernels: done.")


def keep_kernels_in(home: Path) -> Path:
    """Have this process and those that it starts look for kernels in `home`; the folder.

    Numba decides where when a kernel is imported, and refuses where neither the program's own
    folder nor the account's can be written. Raises Unavailable where nothing can be kept.
    """
    folder = kernel_folder(home)
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    return folder


def kernel_folder(home: Path) -> Path:
    """The folder for these kernels, made if need be. Raises Unavailable where nothing can be kept.

    Another version of Amparo that has the same `home` keeps its own in another one.
    """
    folder = home / "kernels" / _fingerprint()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise Unavailable(
            f"{home} cannot be written ({error.strerror}); set AMPARO_HOME to a folder of yours."
        ) from error


def _inventory(folder: Path) -> str:
    """A line for each file of machine code: its digest and its name."""
    # Indexes grow when a kernel gets another signature; the code itself never changes.
    return "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()} {path.relative_to(folder)}\n"
        for path in sorted(folder.rglob("*.nbc"))
    )


def _are_done(folder: Path) -> bool:
    """Whether everything was compiled, and is there as it was written."""
    done = folder / _DONE
    if not done.exists():
        return False
    found = set(_inventory(folder).splitlines())
    return found.issuperset(done.read_text(encoding="utf-8").splitlines())


def _remove_unused(folder: Path) -> None:
    """Leave the kernels of few versions: those that were compiled last, `folder` among them."""
    with suppress(FileNotFoundError):  # where another process does the same
        done = sorted(
            folder.parent.glob(f"*/{_DONE}"), key=lambda path: path.stat().st_mtime_ns, reverse=True
        )
        for path in done[_VERSIONS_KEPT:]:
            if path.parent != folder:
                shutil.rmtree(path.parent)


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
