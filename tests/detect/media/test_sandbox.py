"""A decoder that crashes, hangs or swells costs its own item, and nothing else."""

import os
import signal
import tempfile

import pytest

from amparo.app.sandbox import limits_of
from amparo.core.problems import ProblemCode
from amparo.detect.media.sandbox import Sandbox, confinement_holds, is_accident, problem_of
from amparo.testing import faulty
from amparo.testing.hostile import encoded, photograph_like
from tests.conftest import small_settings

LIMITS = limits_of(small_settings())

FAULTS = {
    faulty.CRASH: ProblemCode.MEDIA_DECODER_CRASHED,
    faulty.HANG: ProblemCode.MEDIA_OUT_OF_TIME,
    faulty.SWELL: ProblemCode.MEDIA_OUT_OF_MEMORY,
}


@pytest.mark.parametrize("fault", FAULTS, ids=FAULTS.values())
def test_a_fault_costs_its_own_item_only(sandbox: Sandbox, fault: bytes) -> None:
    good = encoded(photograph_like(), "JPEG")
    items = [good, good, fault, good, good, good]
    futures = [sandbox.submit(faulty.hash_or_fail, item, LIMITS) for item in items]
    errors = [future.exception(timeout=60) for future in futures]
    assert [error is not None for error in errors] == [item == fault for item in items]
    assert errors[2] is not None
    assert problem_of(errors[2], LIMITS).code is FAULTS[fault]


def test_a_killed_worker_is_replaced_whatever_it_was_doing(sandbox: Sandbox) -> None:
    for _ in range(3):
        worker = sandbox.submit(os.getpid).result(timeout=60)
        os.kill(worker, signal.SIGKILL)
        good = encoded(photograph_like(), "JPEG")
        futures = [sandbox.submit(faulty.hash_or_fail, good, LIMITS) for _ in range(4)]
        errors = [future.exception(timeout=60) for future in futures]
        assert all(error is None or is_accident(error) for error in errors)
        again = sandbox.submit(faulty.hash_or_fail, good, LIMITS)
        assert again.exception(timeout=60) is None or is_accident(again.exception())


def test_a_worker_opens_no_file_and_no_socket(sandbox: Sandbox) -> None:
    assert sandbox.submit(confinement_holds, tempfile.gettempdir()).result() == []


@pytest.mark.enable_socket
def test_the_check_can_fail() -> None:
    assert confinement_holds(tempfile.gettempdir()) == ["open a file", "open a socket"]


def test_an_error_of_our_own_is_not_taken_for_a_bad_file() -> None:
    with pytest.raises(ZeroDivisionError):
        problem_of(ZeroDivisionError(), LIMITS)
