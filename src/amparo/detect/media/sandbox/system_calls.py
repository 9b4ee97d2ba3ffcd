"""The system calls that a worker keeps, as a filter that the kernel applies to it for good.

A worker computes, talks over the socket that it has, and ends. Whatever else it asks for is refused
with EPERM, so that a library that tries something needless goes on. Filters: Linux,
Documentation/userspace-api/seccomp_filter.rst.
"""

import ctypes
import errno
import os
import platform
from dataclasses import dataclass

from amparo.core.errors import Unavailable

# Names and numbers as in Linux's unistd.h: x86-64, and the generic table, which aarch64 has.
_CALLS = {
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "fstat": (5, 80),
    "poll": (7, None),
    "lseek": (8, 62),
    "munmap": (11, 215),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sched_yield": (24, 124),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "nanosleep": (35, 101),
    "getpid": (39, 172),
    "sendto": (44, 206),
    "recvfrom": (45, 207),
    "exit": (60, 93),
    "getrusage": (98, 165),
    "sigaltstack": (131, 132),
    "gettid": (186, 178),
    "futex": (202, 98),
    "sched_getaffinity": (204, 123),
    "restart_syscall": (219, 128),
    "clock_gettime": (228, 113),
    "clock_nanosleep": (230, 115),
    "exit_group": (231, 94),
    "ppoll": (271, 73),
    "set_robust_list": (273, 99),
    "getrandom": (318, 278),
    "membarrier": (324, 283),
    "rseq": (334, 293),
}

_MMAP = (9, 222)
_MPROTECT = (10, 226)
_TGKILL = (234, 131)
_CLONE = (56, 220)
_CLONE3 = (435, 435)
_PRLIMIT64 = (302, 261)

_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""Which column of numbers, and the kernel's AUDIT_ARCH word."""

_PROTECTION_EXECUTE = 4
_CLONE_THREAD = 0x10000
_X32_CALLS = 0x40000000
"""On x86-64 numbers from here on are a second table; none of ours is in it."""

_LOAD = 0x20
_JUMP_IF_EQUAL = 0x15
_JUMP_IF_AT_LEAST = 0x35
_JUMP_IF_ANY_BIT = 0x45
_RETURN = 0x06

_ALLOW = 0x7FFF0000
_REFUSE = 0x00050000 | errno.EPERM
_UNKNOWN = 0x00050000 | errno.ENOSYS
_KILL = 0x80000000

_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
"""Where they stand in what a filter sees."""

_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_MODE_FILTER = 2


@dataclass(frozen=True, slots=True)
class _Step:
    """One instruction of a filter; the jumps count the steps to pass over."""

    code: int
    value: int
    if_true: int = 0
    if_false: int = 0


class _SockFilter(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_ushort),
        ("jt", ctypes.c_ubyte),
        ("jf", ctypes.c_ubyte),
        ("k", ctypes.c_uint32),
    )


class _SockFprog(ctypes.Structure):
    _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.POINTER(_SockFilter)))


def keep_only_what_computing_needs() -> None:
    """Apply the filter to this process, for good; nothing on processors that it is not known for.

    Raises Unavailable where the kernel refuses it.
    """
    if platform.machine() not in _MACHINES:
        return
    steps = _program(platform.machine(), os.getpid())
    code = (_SockFilter * len(steps))(
        *(_SockFilter(step.code, step.if_true, step.if_false, step.value) for step in steps)
    )
    program = _SockFprog(len(steps), code)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0) != 0:
        reason = os.strerror(ctypes.get_errno())
        raise Unavailable(f"The kernel refuses to filter a worker's system calls: {reason}.")


def _program(machine: str, process: int) -> list[_Step]:
    column, architecture = _MACHINES[machine]
    steps = [
        _Step(_LOAD, _ARCHITECTURE),
        _Step(_JUMP_IF_EQUAL, architecture, if_true=1),
        _Step(_RETURN, _KILL),
        _Step(_LOAD, _NUMBER),
        _Step(_JUMP_IF_AT_LEAST, _X32_CALLS, if_false=1),
        _Step(_RETURN, _REFUSE),
    ]
    for numbers in _CALLS.values():
        number = numbers[column]
        if number is not None:
            steps += [
                _Step(_JUMP_IF_EQUAL, number, if_false=1),
                _Step(_RETURN, _ALLOW),
            ]
    # New code is neither loaded nor made after warm-up.
    steps += _where(_MMAP[column], argument=2, test=_JUMP_IF_ANY_BIT, value=_PROTECTION_EXECUTE,
                    if_so=_REFUSE, if_not=_ALLOW)  # fmt: skip
    steps += _where(_MPROTECT[column], argument=2, test=_JUMP_IF_ANY_BIT, value=_PROTECTION_EXECUTE,
                    if_so=_REFUSE, if_not=_ALLOW)  # fmt: skip
    # Threads, which libde265 cannot do without, but no process. What clone3 shall do stands in
    # memory that a filter cannot read; without it libraries take clone.
    steps += [_Step(_JUMP_IF_EQUAL, _CLONE3[column], if_false=1), _Step(_RETURN, _UNKNOWN)]
    steps += _where(_CLONE[column], argument=0, test=_JUMP_IF_ANY_BIT, value=_CLONE_THREAD,
                    if_so=_ALLOW, if_not=_REFUSE)  # fmt: skip
    # abort() signals its own process; limits are set for oneself, written 0.
    steps += _where(_TGKILL[column], argument=0, test=_JUMP_IF_EQUAL, value=process,
                    if_so=_ALLOW, if_not=_REFUSE)  # fmt: skip
    steps += _where(_PRLIMIT64[column], argument=0, test=_JUMP_IF_EQUAL, value=0,
                    if_so=_ALLOW, if_not=_REFUSE)  # fmt: skip
    return [*steps, _Step(_RETURN, _REFUSE)]


def _where(
    number: int, *, argument: int, test: int, value: int, if_so: int, if_not: int
) -> list[_Step]:
    """The steps for a call that depends on the low word of one of its arguments."""
    return [
        _Step(_JUMP_IF_EQUAL, number, if_false=4),
        _Step(_LOAD, _ARGUMENTS + 8 * argument),
        _Step(test, value, if_false=1),
        _Step(_RETURN, if_so),
        _Step(_RETURN, if_not),
    ]
