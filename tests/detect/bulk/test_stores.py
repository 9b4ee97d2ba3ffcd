"""What a store's client says becomes what an operator can act upon, without anybody's secrets."""

from collections.abc import Callable

import pytest
from obstore.exceptions import BaseError, GenericError, PermissionDeniedError, UnauthenticatedError

from amparo.core.errors import AmparoError
from amparo.detect.bulk.stores import told_by_store

KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseError], str]:
    """What comes of an error of the client's, where the environment has no credentials."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)

    def of(error: BaseError) -> str:
        with pytest.raises(AmparoError) as raised, told_by_store("archive s3://archive"):
            raise error
        return raised.value.message

    return of


def test_the_host_that_does_not_answer_is_named_and_no_more_of_it(
    said: Callable[[BaseError], str],
) -> None:
    asked = "https://ana:quandelu@store.example:9000/archive?X-Amz-Signature=zorvimel"
    told = said(GenericError(f"Generic S3 error: Error performing GET {asked} in 2s - HTTP error"))
    assert "The store at https://store.example:9000 does not answer" in told
    assert "quandelu" not in told
    assert "zorvimel" not in told


def test_without_credentials_their_variables_are_named(
    said: Callable[[BaseError], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    role = "Error performing PUT http://169.254.169.254/latest/api/token in 3s - HTTP error"
    assert f"There are no credentials for archive s3://archive: {KEYS}" in said(GenericError(role))
    assert f"{KEYS} are not set" in said(PermissionDeniedError("<Code>AccessDenied</Code>"))
    assert KEYS in said(UnauthenticatedError("status code: 401"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    assert "not set" not in said(PermissionDeniedError("<Code>AccessDenied</Code>"))
