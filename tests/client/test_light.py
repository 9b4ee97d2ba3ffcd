"""Who only calls Amparo loads nothing of what answers."""

import subprocess
import sys

HEAVY = ("numba", "numpy", "sqlalchemy", "fastapi", "django", "PIL", "dbos", "cryptography")


def test_importing_the_client_loads_nothing_heavy() -> None:
    program = (
        "import sys, amparo.client, amparo.client.webhooks\n"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = set(ended.stdout.split())
    assert "httpx2" in loaded
    assert not loaded & set(HEAVY)
