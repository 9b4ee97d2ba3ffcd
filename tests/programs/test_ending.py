"""Whoever asks a program to end is heard, wherever in its start the signal strikes."""

import signal
import weakref
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from amparo.programs.serve.ending import Ending


@dataclass
class Running:
    """Something that serves."""

    should_exit: bool = False


class Thing:
    """Something that goes away."""


def test_a_signal_ends_a_start() -> None:
    with pytest.raises(SystemExit) as ended, Ending():
        signal.raise_signal(signal.SIGTERM)
    assert ended.value.code == 128 + signal.SIGTERM


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_signal_that_strikes_where_nothing_can_be_raised_is_not_forgotten() -> None:
    def passed_over(_: object) -> None:
        signal.raise_signal(signal.SIGTERM)

    with pytest.raises(SystemExit):
        start(passed_over)


def start(passed_over: Callable[[object], None]) -> None:
    with Ending() as ending:
        thing = Thing()
        noted = weakref.ref(thing, passed_over)
        del thing
        assert noted() is None, "it was passed over, and the start goes on"
        ending.runs(Running())
        raise AssertionError("it must not begin to serve")


def test_what_serves_is_told_and_ends_by_itself() -> None:
    running = Running()
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit):
        serve(running)
    assert running.should_exit
    assert signal.getsignal(signal.SIGTERM) is before


def serve(running: Running) -> None:
    with Ending() as ending:
        ending.runs(running)
        signal.raise_signal(signal.SIGTERM)
