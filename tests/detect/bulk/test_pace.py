"""How fast an archive is read, as an operator says it and as threads keep to it."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from amparo.core.errors import Invalid
from amparo.detect.bulk.pace import Pace, Rate


def test_a_rate_is_requests_or_bytes() -> None:
    assert Rate.of("100/s") == Rate(requests=100)
    assert Rate.of("0.5/s") == Rate(requests=0.5)
    assert Rate.of("50MB/s") == Rate(size_bytes=50_000_000)
    assert Rate.of("2 MiB/s").share(4) == Rate(size_bytes=2**19)


@pytest.mark.parametrize("text", ["", "100", "0/s", "-1/s", "100/m", "5XB/s", "/s"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="is no rate"):
        Rate.of(text)


@pytest.mark.parametrize("rate", [Rate(requests=50), Rate(size_bytes=5000)])
def test_threads_keep_to_it_together(rate: Rate) -> None:
    pace = Pace(rate)
    began = time.monotonic()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(pace.wait, [100] * 21))
    assert time.monotonic() - began >= 20 / 50
