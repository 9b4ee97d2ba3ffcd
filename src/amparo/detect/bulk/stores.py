"""Object stores, opened by their URLs, and what their errors mean for whoever asked.

A store's own words quote addresses and headers; only its error code and its host are passed on.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from amparo.core.errors import AmparoError, Denied, Invalid, NotFound, Unavailable

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
_MOST_RETRIES = 3
_RETRY_FOR = timedelta(seconds=30)
_TIMEOUT = "60 seconds"

_CODE = re.compile(r"<Code>(\w{1,60})</Code>")
_STATUS = re.compile(r"status code: (\d{3})")
_ASKED = re.compile(r"Error performing [A-Z]+ (https?://\S{1,2000}) in ")

_ROLES_ARE_ASKED_FOR_AT = frozenset({"169.254.169.254", "169.254.170.2", "169.254.170.23"})
"""Where a machine in a cloud asks for credentials, if the environment has none."""

_KEYS = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"

_NOT_ANY_MORE = frozenset(
    {
        "ExpiredToken", "ExpiredTokenException", "InvalidToken", "InvalidAccessKeyId",
        "SignatureDoesNotMatch", "RequestExpired", "TokenRefreshRequired", "RequestTimeTooSkewed",
        "AuthenticationFailed", "ExpiredAuthenticationToken", "InvalidAuthenticationInfo",
    }
)  # fmt: skip
"""Codes by which a store says that it knows the credentials no more, whatever is asked for."""


class CredentialsRefused(Denied):
    """The store takes the credentials no more: nothing else of it can be read either."""

    code = "bulk.credentials"


def is_url(text: str) -> bool:
    """Whether a source or a catalogue is in an object store, and not in a folder."""
    return "://" in text


def open_store(url: str) -> "ObjectStore":
    """The store at `url`, by the credentials and endpoint of the environment. Raises Invalid."""
    from obstore.exceptions import BaseError
    from obstore.store import from_url

    parts = urlsplit(url)
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise Invalid(
            "A URL of a store is SCHEME://BUCKET/PREFIX; credentials are for the environment, such "
            "as AWS_ACCESS_KEY_ID."
        )
    if not parts.netloc and parts.scheme != "file":
        raise Invalid(f"{parts.scheme}:// names no bucket: {parts.scheme}://BUCKET/PREFIX.")
    plain = any(os.environ.get(name, "").startswith("http://") for name in _ENDPOINTS)
    try:
        return from_url(
            url,
            client_options={"allow_http": True, "timeout": _TIMEOUT} if plain
            else {"timeout": _TIMEOUT},
            retry_config={"max_retries": _MOST_RETRIES, "retry_timeout": _RETRY_FOR},
        )  # fmt: skip
    except (BaseError, ValueError) as error:
        raise Invalid(
            f"{url!r} names no store that Amparo knows; s3://BUCKET/PREFIX, gs://, az:// and "
            "file:// are such."
        ) from error


@contextmanager
def told_by_store(what: str) -> Iterator[None]:
    """What a store refuses, as an error of ours; `what` is the thing that was asked for.

    Raises NotFound, Denied, CredentialsRefused, Unavailable.
    """
    from obstore.exceptions import BaseError

    try:
        yield
    except (BaseError, OSError) as error:
        raise _meant(what, error) from None


def _meant(what: str, error: Exception) -> AmparoError:
    from obstore.exceptions import InvalidPathError, PermissionDeniedError, UnauthenticatedError

    said = str(error)
    found, status = _CODE.search(said), _STATUS.search(said)
    code = found[1] if found else ""
    why = code or (f"status {status[1]}" if status else type(error).__name__)
    if code in _NOT_ANY_MORE or isinstance(error, UnauthenticatedError):
        return CredentialsRefused(
            f"The store takes the credentials no more ({why}). What is done stays done: give "
            f"valid ones by the environment, such as {_KEYS}, and run the same command again."
        )
    if isinstance(error, InvalidPathError):
        return Invalid(
            f"In {what} there is a name with an empty part (`//`), with `.` or `..` as a part or "
            "with a control character: the store's client cannot list past it. Scan the prefixes "
            "beside it, or give that object another name."
        )
    if code == "NoSuchBucket":
        return NotFound(f"There is no bucket for {what} ({why}).")
    if isinstance(error, FileNotFoundError):
        return NotFound(f"There is no {what}.")
    if code == "AccessDenied" or isinstance(error, PermissionDeniedError | PermissionError):
        return Denied(f"You may not read or write {what} ({why}).{_without_keys(what)}")
    asked = _host_asked(said)
    if asked is not None and asked.hostname in _ROLES_ARE_ASKED_FOR_AT:
        return Unavailable(
            f"There are no credentials for {what}: {_KEYS} (AWS_SESSION_TOKEN too where they are "
            "for a time) are not set for this command, and this machine has no role."
        )
    where = "" if asked is None else f" at {asked.scheme}://{asked.netloc.rpartition('@')[2]}"
    return Unavailable(f"The store{where} does not answer as it should about {what} ({why}).")


def _without_keys(what: str) -> str:
    """A hint for whoever has forgotten to say who asks."""
    if "s3://" not in what or "AWS_ACCESS_KEY_ID" in os.environ:
        return ""
    return f" {_KEYS} are not set for this command."


def _host_asked(said: str) -> SplitResult | None:
    """What did not answer, where the client names it."""
    found = _ASKED.search(said)
    try:
        return None if found is None else urlsplit(found[1])
    except ValueError:
        return None
