"""Whatever the schema allows, and much that it does not, is answered as the schema says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.test_faults import client_of, start_knowing

pytestmark = pytest.mark.slow

EXAMPLES = 40


def test_no_answer_is_undocumented_and_none_is_a_mistake_of_ours(
    tmp_path: Path, socket_enabled: None
) -> None:
    home = tmp_path / "home"
    server = start_knowing(home, f"sqlite:///{home}/amparo.db")
    try:
        with client_of(server) as client:
            client.post("/v1/media", content=b"a note")
            schema = f"http://127.0.0.1:{server.port}/openapi.json"
        ended = subprocess.run(
            [
                sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()",
                "run", schema, "--header", f"Authorization: Bearer {server.key}",
                # What a schema cannot say, such as how many digits which hash has, is refused too;
                # and signals that are not on a list that was just made are not found.
                "--checks", "all",
                "--exclude-checks", "positive_data_acceptance,ensure_resource_availability",
                "--max-examples", str(EXAMPLES), "--seed", "1",
                "--generation-database", "none", "--no-color",
            ],
            cwd=tmp_path, capture_output=True, text=True, timeout=900,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stdout[-8000:] + ended.stderr[-2000:]
    finally:
        server.process.kill()
        server.process.communicate()
    log = (tmp_path / "log").read_text().splitlines()
    assert not [line for line in log if json.loads(line)["level"] == "error"]
