"""Sandboxes of the services that scorers ask."""

from collections.abc import Iterator

import pytest
from pytest_socket import enable_socket

from amparo.testing.content_safety import ContentSafety, sandbox_content_safety
from amparo.testing.http_scorer import HttpScorer, sandbox_http_scorer
from amparo.testing.shield import ShieldState, sandbox_shield


@pytest.fixture
def content_safety() -> Iterator[ContentSafety]:
    enable_socket()
    with sandbox_content_safety() as state:
        yield state


@pytest.fixture
def http_scorer() -> Iterator[HttpScorer]:
    enable_socket()
    with sandbox_http_scorer() as state:
        yield state


@pytest.fixture
def shield_state() -> Iterator[ShieldState]:
    enable_socket()
    with sandbox_shield() as state:
        yield state
