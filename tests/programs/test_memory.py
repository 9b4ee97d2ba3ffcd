"""What a process that serves keeps: few heaps, and no library that only a command line needs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAPS = """
import ctypes, sys, threading
from amparo.programs.serve.memory import give_memory_back

give_memory_back()
all_at_once = threading.Barrier(6)

def work():
    all_at_once.wait()
    kept = [bytes(5000 + each) for each in range(2000)]
    all_at_once.wait()
    del kept

threads = [threading.Thread(target=work) for _ in range(6)]
for each in threads: each.start()
for each in threads: each.join()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(libc.fopen(sys.argv[1].encode(), b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
"""

LOADED = """
import sys
import amparo.programs.serve.worker

assert "cel" in sys.modules
print(*({"prompt_toolkit", "typer", "alembic", "IPython"} & set(sys.modules)))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="about glibc's malloc")
@pytest.mark.parametrize(
    ("environment", "fewest", "most"), [({}, 1, 2), ({"MALLOC_ARENA_MAX": "5"}, 3, 5)]
)
def test_threads_share_two_heaps_unless_the_operator_says_otherwise(
    tmp_path: Path, environment: dict[str, str], fewest: int, most: int
) -> None:
    about = tmp_path / "heaps.xml"
    subprocess.run([sys.executable, "-c", HEAPS, str(about)], check=True,
                   env=os.environ | environment)  # fmt: skip
    assert fewest <= about.read_text().count("<heap nr=") <= most


def test_a_process_that_answers_loads_no_library_of_command_lines() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], check=True, capture_output=True)
    assert not done.stdout.split()
