"""A proxy is believed who calls: the doctor says where almost everybody is taken for one."""

from pathlib import Path

import pytest

from amparo.app.check_up import findings
from amparo.core.clock import SystemClock
from amparo.core.settings import Settings
from amparo.db import Database

SAID = "Anybody is believed to be any address (AMPARO_TRUSTED_PROXIES has "


def advice(database: Database, home: Path, *proxies: str) -> str:
    settings = Settings(home=home, trusted_proxies=proxies)
    return "\n".join(findings(settings, database, SystemClock()))


@pytest.mark.parametrize("wide", ["*", "0.0.0.0/0", "::/0", "128.0.0.0/1", "8.0.0.0/7", "2000::/3"])
def test_a_network_that_is_half_the_world_is_named(
    database: Database, tmp_path: Path, wide: str
) -> None:
    assert f"{SAID}{wide})" in advice(database, tmp_path, wide)


def test_of_several_those_that_are_too_wide_are_named(database: Database, tmp_path: Path) -> None:
    said = advice(database, tmp_path, "10.0.0.10", "0.0.0.0/1", "128.0.0.0/1")
    assert f"{SAID}0.0.0.0/1, 128.0.0.0/1)" in said


def test_proxies_and_private_networks_are_not(database: Database, tmp_path: Path) -> None:
    fine = ("127.0.0.1", "::1", "10.0.0.0/8", "192.168.0.0/16", "fc00::/7", "2001:db8::/32")
    assert "AMPARO_TRUSTED_PROXIES" not in advice(database, tmp_path, *fine)
