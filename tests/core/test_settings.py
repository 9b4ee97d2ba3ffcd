"""Settings that cannot be used are named, with what they should be."""

import pytest

from amparo.core.errors import Invalid
from amparo.core.settings import settings


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
