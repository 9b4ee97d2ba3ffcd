"""A decoder that crashes, hangs, swells or lies costs its own item, and nothing else."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pillow_heif
import pytest

from amparo.app.sandbox import limits_of
from amparo.core.errors import Unavailable
from amparo.core.problems import ProblemCode
from amparo.detect.hashing.model import MediaHashes
from amparo.detect.media.model import MediaError
from amparo.detect.media.sandbox import Sandbox, confinement_holds
from amparo.testing import faulty
from amparo.testing.hostile import encoded, photograph_like
from tests.conftest import small_settings

LIMITS = limits_of(small_settings())
GOOD = encoded(photograph_like(), "JPEG")

FAULTS = {
    faulty.CRASH: ProblemCode.MEDIA_DECODER_CRASHED,
    faulty.HANG: ProblemCode.MEDIA_OUT_OF_TIME,
    faulty.NEVER_ANSWER: ProblemCode.MEDIA_OUT_OF_TIME,
    faulty.LIE: ProblemCode.MEDIA_DECODER_CRASHED,
    faulty.SHOUT: ProblemCode.MEDIA_DECODER_CRASHED,
    faulty.BREAK: ProblemCode.MEDIA_DECODER_CRASHED,
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.decode().split()[-1])
def test_a_fault_costs_its_own_item_only(sandbox: Sandbox, fault: bytes) -> None:
    items = [GOOD, GOOD, fault, GOOD, GOOD, GOOD]
    answers = [sandbox.submit(MediaHashes, faulty.hash_or_fail, item, LIMITS) for item in items]
    errors = [answer.exception(timeout=60) for answer in answers]
    assert [error is not None for error in errors] == [item == fault for item in items]
    assert isinstance(errors[2], MediaError)
    assert errors[2].problem.code is FAULTS[fault]


def test_one_that_swells_is_told_apart(sandbox: Sandbox) -> None:
    answer = sandbox.submit(MediaHashes, faulty.hash_or_fail, faulty.SWELL, LIMITS)
    with pytest.raises(MemoryError):
        answer.result(timeout=60)


def test_an_answer_comes_back_as_it_was_given(sandbox: Sandbox) -> None:
    answer = sandbox.submit(MediaHashes, faulty.hash_or_fail, GOOD, LIMITS, with_variants=True)
    assert answer.result(timeout=60) == faulty.hash_or_fail(GOOD, LIMITS, with_variants=True)


def test_killed_workers_are_replaced_whatever_they_were_doing(sandbox: Sandbox) -> None:
    for _ in range(3):
        worker = sandbox.submit(int, os.getpid).result(timeout=60)
        os.kill(worker, signal.SIGKILL)
        answers = [sandbox.submit(MediaHashes, faulty.hash_or_fail, GOOD, LIMITS) for _ in range(4)]
        assert [answer.exception(timeout=60) for answer in answers] == [None] * 4


def test_work_goes_on_while_somebody_kills_worker_after_worker(sandbox: Sandbox) -> None:
    def kill() -> None:
        for _ in range(8):
            os.kill(sandbox.submit(int, os.getpid).result(timeout=60), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    while killer.is_alive():
        answers = [
            sandbox.submit(MediaHashes, faulty.hash_or_fail, GOOD, LIMITS) for _ in range(20)
        ]
        assert [answer.exception(timeout=60) for answer in answers] == [None] * 20


def test_a_server_that_is_killed_is_started_again(sandbox: Sandbox) -> None:
    from multiprocessing import forkserver

    for _ in range(2):
        sandbox.submit(int, os.getpid).result(timeout=60)
        os.kill(forkserver._forkserver._forkserver_pid, signal.SIGKILL)
        os.kill(sandbox.submit(int, os.getpid).result(timeout=60), signal.SIGKILL)
        answer = sandbox.submit(MediaHashes, faulty.hash_or_fail, GOOD, LIMITS)
        assert answer.exception(timeout=60) is None


def test_a_worker_can_do_nothing_but_compute(sandbox: Sandbox) -> None:
    answer = sandbox.submit(list[str], confinement_holds, tempfile.gettempdir())
    assert answer.result(timeout=60) == []


@pytest.mark.enable_socket
def test_the_check_can_fail() -> None:
    assert len(confinement_holds(tempfile.gettempdir())) == 7


def test_workers_that_cannot_load_say_why() -> None:
    with Sandbox(LIMITS, processes=1, preload=["amparo.no_such_module"]) as broken:
        answer = broken.submit(int, os.getpid)
        with pytest.raises(Unavailable, match="no_such_module"):
            answer.result(timeout=60)


@pytest.mark.parametrize("piped", [False, True])
def test_a_script_is_not_run_again_in_its_workers(tmp_path: Path, piped: bool) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import os\n"
        "from amparo.detect.media.model import Limits\n"
        "from amparo.detect.media.sandbox import Sandbox\n"
        "print('it runs', flush=True)\n"
        "with Sandbox(Limits(), processes=1) as sandbox:\n"
        "    print(sandbox.submit(int, os.getpid).result() != os.getpid())\n"
    )
    with script.open() as file:
        ended = subprocess.run(
            [sys.executable, "-" if piped else script],
            stdin=file, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "it runs\nTrue\n"


def test_leaving_ends_every_worker_at_once() -> None:
    with Sandbox(LIMITS, processes=2, preload=["amparo.testing.faulty"]) as opened:
        worker = opened.submit(int, os.getpid).result(timeout=60)
        answers = [
            opened.submit(MediaHashes, faulty.hash_or_fail, faulty.HANG, LIMITS) for _ in range(9)
        ]
    for answer in answers:
        assert answer.done()
        with pytest.raises(Unavailable, match="stopping"):
            answer.result()
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


FORMS = ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF", "JPEG2000"]


@pytest.mark.parametrize("form", FORMS)
def test_every_kind_is_decoded_though_a_worker_may_do_so_little(
    sandbox: Sandbox, form: str
) -> None:
    pillow_heif.register_heif_opener()
    picture = photograph_like(1200, 900)
    data = encoded(picture.quantize() if form == "GIF" else picture, form)
    hashes = sandbox.submit(MediaHashes, faulty.hash_or_fail, data, LIMITS).result(timeout=60)
    assert hashes.problem is None
    assert len(hashes.pictures) == 1


LARGEST = {
    "JPEG": ("RGB", 7, {"progressive": True}),
    "PNG": ("RGBA", 8, {"compress_level": 1}),
    "TIFF": ("CMYK", 8, {}),
    "WEBP": ("RGBA", 17, {"lossless": True, "method": 0}),
    "AVIF": ("RGB", 14, {"subsampling": "4:4:4", "speed": 10}),
    "HEIF": ("RGB", 13, {"chroma": "444"}),
    "JPEG2000": ("RGBA", 26, {}),
}


@pytest.mark.slow
@pytest.mark.parametrize("form", LARGEST)
def test_what_is_let_in_by_its_size_finds_the_memory_for_it(sandbox: Sandbox, form: str) -> None:
    pillow_heif.register_heif_opener()
    mode, bytes_a_pixel, options = LARGEST[form]
    small = photograph_like(900, 600).convert(mode)
    of_file = len(encoded(small, form, **options)) / (900 * 600)
    pixels = (LIMITS.memory_bytes - 40 * 1024 * 1024) / (bytes_a_pixel + of_file)
    height = int((pixels / 1.5) ** 0.5)
    picture = small.resize((int(height * 1.5), height))
    data = encoded(picture, form, **options)
    sandbox.renew()
    hashes = sandbox.submit(MediaHashes, faulty.hash_or_fail, data, LIMITS).result(timeout=60)
    assert hashes.problem is None


def test_limits_are_those_of_an_item(sandbox: Sandbox) -> None:
    left = sandbox.submit(dict[str, int], faulty.limits_left).result(timeout=60)
    assert LIMITS.seconds <= left.pop("seconds") <= LIMITS.seconds + 1
    assert left == {"file": 0, "core": 0, "descriptors": 3}


def test_a_worker_that_an_item_before_has_ruined_costs_no_item() -> None:
    with Sandbox(LIMITS, processes=1, preload=["amparo.testing.faulty"]) as opened:
        workers = [
            opened.submit(int, faulty.process_unless_used).result(timeout=60) for _ in range(3)
        ]
    assert len(set(workers)) == 3


def test_a_worker_is_replaced_after_so_many_items() -> None:
    preload = ["amparo.testing.faulty"]
    with Sandbox(LIMITS, processes=1, preload=preload, items_of_a_worker=3) as opened:
        workers = [opened.submit(int, os.getpid).result(timeout=60) for _ in range(7)]
    assert [workers.count(each) for each in dict.fromkeys(workers)] == [3, 3, 1]
