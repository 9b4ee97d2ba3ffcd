"""E-mail addresses and account names as lists keep them: digests that need this installation's key.

So the database alone does not tell who is listed, and nobody can try names against it.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from amparo.access.installation import KeyName
from amparo.access.people.secrets import AccessKey, access_key
from amparo.app.kept_keys import require_same_keys
from amparo.core.settings import Settings
from amparo.db import Database
from amparo.detect.hashing.model import NAMES, Algorithm
from amparo.detect.lists.model import Signal


class ListedNames:
    """Seals names. `key` is asked for when there is one to seal, and not before."""

    def __init__(self, key: Callable[[], AccessKey]) -> None:
        self._key = lru_cache(maxsize=1)(key)

    def digest(self, kind: Algorithm, form: str) -> bytes:
        """HMAC-SHA-256 of a name in its one form, under a key of its kind alone."""
        return self._key().derived(f"listed {kind.value}", form)

    def sealed(self, signal: Signal) -> Signal:
        """The signal as it is kept: that of a name with its digest, and without its text."""
        if signal.algorithm not in NAMES or not signal.text:
            return signal
        digest = self.digest(signal.algorithm, signal.text)
        return replace(signal, value=digest.hex(), text="")


def listed_names(settings: Settings, database: Database) -> ListedNames:
    """By the access key of this installation.

    Using it raises Unavailable where there is none, or another than the database was written with.
    """

    def key() -> AccessKey:
        require_same_keys(settings, database, [KeyName.ACCESS])
        return access_key(settings.access_key)

    return ListedNames(key)
