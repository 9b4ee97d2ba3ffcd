"""Settings that cannot be used are named, with what they should be."""

import pytest

from amparo.core.errors import Invalid
from amparo.core.settings import Settings, settings


@pytest.mark.parametrize("name", ["AMPARO_WEBHOOK_HOSTS", "AMPARO_AUDIT_WITNESS_COMMAND"])
def test_what_must_be_json_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "platform.internal")
    settings.cache_clear()
    try:
        with pytest.raises(Invalid, match=f"{name} must be JSON, such as"):
            settings()
    finally:
        settings.cache_clear()


@pytest.mark.parametrize("url", ["nonsense", "mysql://ana:geheim@b/c", "sqlite:///:memory:"])
def test_a_database_of_another_kind_is_refused_without_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("AMPARO_DATABASE_URL", url)
    settings.cache_clear()
    try:
        with pytest.raises(Invalid, match="AMPARO_DATABASE_URL: must be sqlite:///FILE") as refused:
            settings()
    finally:
        settings.cache_clear()
    assert "geheim" not in refused.value.message


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ('["traefik"]', "'traefik' is neither an address nor a network"),
        ('["10.0.0.5/8"]', "'10.0.0.5/8' is neither"),
        ('["127.0.0.1 "]', "'127.0.0.1 ' is neither"),
        ('["*", "10.0.0.10"]', "stands alone"),
    ],
)
def test_a_proxy_that_the_server_would_pass_over_is_refused(
    monkeypatch: pytest.MonkeyPatch, given: str, said: str
) -> None:
    monkeypatch.setenv("AMPARO_TRUSTED_PROXIES", given)
    settings.cache_clear()
    try:
        with pytest.raises(Invalid, match="AMPARO_TRUSTED_PROXIES: ") as refused:
            settings()
    finally:
        settings.cache_clear()
    assert said in refused.value.message


def test_proxies_are_addresses_and_networks() -> None:
    given = ("127.0.0.1", "::1", "10.0.0.0/8", "fd00::/8")
    assert Settings(trusted_proxies=given).trusted_proxies == given
    assert Settings(trusted_proxies=("*",)).trusted_proxies == ("*",)
