"""A platform that calls with our client."""

from collections.abc import Iterator

import pytest

from amparo.client import Amparo
from tests.interfaces.conftest import Platform, platform  # noqa: F401 (a fixture)


@pytest.fixture
def client(platform: Platform) -> Iterator[Amparo]:  # noqa: F811 (the fixture)
    """With the first key."""
    with Amparo(str(platform.http.base_url), platform.key) as made:
        yield made
