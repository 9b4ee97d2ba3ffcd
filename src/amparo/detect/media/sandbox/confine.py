"""What a worker gives up before its first item, and the test that it really has."""

import ctypes
import errno
import math
import mmap
import os
import resource
import signal
import socket
from collections.abc import Callable

from amparo.core.errors import Unavailable
from amparo.detect.media.sandbox.system_calls import keep_only_what_computing_needs

_PR_SET_DUMPABLE = 4
_CLONE3 = 435
_STREAMS = 3


def confine(memory_bytes: int, channel: int) -> int:
    """Give up everything but `channel`, a descriptor, and so much memory; its new number."""
    # An interrupt at the terminal goes to all; what becomes of it the program decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # To be asked to end must not wait for a native loop.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    used = _data_bytes()
    _keep_descriptors(channel)
    _lower(resource.RLIMIT_DATA, used + memory_bytes)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, 0)
    # The numbers below are taken, so that none is left for a new descriptor.
    _lower(resource.RLIMIT_NOFILE, _STREAMS)
    keep_only_what_computing_needs()
    return _STREAMS


def allow_processor_time(seconds: int) -> None:
    """So many seconds more, from now on, before the kernel ends this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    until = math.ceil(usage.ru_utime + usage.ru_stime) + seconds
    _lower(resource.RLIMIT_CPU, until, for_good=False)


def confinement_holds(folder: str) -> list[str]:
    """Try, inside a worker, what a worker must not be able to do; the names of what worked."""
    return [name for name, attempt in _ATTEMPTS.items() if _succeeds(attempt, folder)]


def _keep_descriptors(channel: int) -> None:
    """Nothing as the three streams, `channel` as the next number, and no more."""
    # A taken-over decoder shall write no lines of its own among the results or the messages.
    nothing = os.open(os.devnull, os.O_RDWR)
    kept = os.dup(channel) if channel <= _STREAMS else channel
    for stream in range(_STREAMS):
        os.dup2(nothing, stream)
    os.dup2(kept, _STREAMS)
    os.closerange(_STREAMS + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _lower(limit: int, wanted: int, *, for_good: bool = True) -> None:
    """Set a limit, but never above the one that this process was given."""
    _, hard = resource.getrlimit(limit)
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(limit, (wanted, wanted if for_good else hard))


def _data_bytes() -> int:
    """What counts against RLIMIT_DATA so far."""
    with open("/proc/self/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmData:"):
                return int(line.split()[1]) * 1024
    raise Unavailable("/proc/self/status does not tell VmData; Amparo's sandbox needs Linux.")


def _open_a_socket(_: str) -> None:
    socket.socket().close()


def _open_a_file(folder: str) -> None:
    os.close(os.open(folder, os.O_RDONLY))


def _look_for_a_file(folder: str) -> None:
    os.stat(folder)


def _signal_another_process(_: str) -> None:
    os.kill(os.getppid(), 0)


def _start_a_process(_: str) -> None:
    if (child := os.fork()) == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _make_machine_code(_: str) -> None:
    mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC).close()


def _ask_for_clone3(_: str) -> None:
    """With nothing to clone from: the question is whether the kernel looks at it at all."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall(_CLONE3, None, 0)
    if ctypes.get_errno() in (errno.ENOSYS, errno.EPERM):
        raise PermissionError


_ATTEMPTS: dict[str, Callable[[str], None]] = {
    "open a file": _open_a_file,
    "open a socket": _open_a_socket,
    "look for a file": _look_for_a_file,
    "signal another process": _signal_another_process,
    "start a process": _start_a_process,
    "start one by clone3": _ask_for_clone3,
    "make machine code": _make_machine_code,
}


def _succeeds(attempt: Callable[[str], None], folder: str) -> bool:
    try:
        attempt(folder)
    except OSError:
        return False
    return True
