"""Whoever asks for work can be interrupted between any two steps, and all still ends."""

import sys
import threading
from types import FrameType
from typing import Any

import pytest

from amparo.core.errors import Unavailable
from amparo.detect.media.sandbox.threads import Threads

_ENDS_WITHIN_SECONDS = 20


class _InterruptAt:
    """Raises KeyboardInterrupt at the given step of the code that is asked for work."""

    def __init__(self, step: int) -> None:
        self._left = step

    def __call__(self, frame: FrameType, event: str, _: object) -> Any:
        if frame.f_globals.get("__name__") != Threads.__module__:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            self._left -= 1
            if self._left == 0:
                raise KeyboardInterrupt
        return self


def _asked_and_interrupted_at(step: int, threads: Threads) -> bool:
    """Whether there were so many steps at all."""
    sys.settrace(_InterruptAt(step))
    try:
        answers = [threads.submit(lambda: 7) for _ in range(3)]
        assert [answer.result(_ENDS_WITHIN_SECONDS) for answer in answers] == [7] * 3
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(None)
    return False


def test_an_interrupt_at_any_step_leaves_nothing_stuck() -> None:
    step = 0
    interrupted = True
    while interrupted:
        step += 1
        threads = Threads(2)
        threads.start()
        interrupted = _asked_and_interrupted_at(step, threads)
        threads.close()
        joined = threading.Thread(target=threads.join, daemon=True)
        joined.start()
        joined.join(_ENDS_WITHIN_SECONDS)
        assert not joined.is_alive(), f"stuck after an interrupt at step {step}"
    assert step > 100


def test_what_has_not_begun_is_cancelled_and_nothing_is_taken_after() -> None:
    threads = Threads(1)
    threads.start()
    may_end = threading.Event()
    begun = threading.Event()

    def first() -> int:
        begun.set()
        may_end.wait()
        return 1

    running, waiting = threads.submit(first), threads.submit(lambda: 2)
    begun.wait()
    threads.close()
    may_end.set()
    threads.join()
    assert running.result() == 1
    assert waiting.done()
    with pytest.raises(Unavailable, match="stopping"):
        waiting.result()
    with pytest.raises(Unavailable, match="stopping"):
        threads.submit(lambda: 3)


def test_an_answer_that_does_not_come_is_waited_for_no_longer_than_told() -> None:
    threads = Threads(1)
    threads.start()
    may_end = threading.Event()
    answer = threads.submit(may_end.wait)
    with pytest.raises(TimeoutError):
        answer.result(timeout=0.01)
    may_end.set()
    assert answer.result() is True
    assert answer.result() is True
    threads.close()
    threads.join()


def test_a_piece_without_a_token_is_begun_with_the_next_one() -> None:
    """As an interrupt within `submit` leaves it, or two threads that look at two queues."""
    threads = Threads(1)
    left, taken = threading.Event(), threading.Event()
    threads._long.put(left.set)
    threads.start()
    assert threads.submit(lambda: 7).result(_ENDS_WITHIN_SECONDS) == 7
    assert left.wait(_ENDS_WITHIN_SECONDS)
    threads._short.put(taken.set)
    threads.close()
    threads.join()
    assert taken.is_set()
