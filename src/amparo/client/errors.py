"""What a call to Amparo can end with, other than an answer.

AmparoError
└── CallFailed
    ├── NotSent          what was given cannot be right: nothing was sent
    ├── Refused          Amparo answered, and will say the same again
    │   ├── NotGood      400, 422: the request cannot be right
    │   ├── KeyRefused   401, 403: the key is not good, or may not
    │   ├── NotThere     404: it does not exist, or not for this key
    │   ├── NotNow       409: it does not fit the present state
    │   └── TooLarge     413: the file or the request is too long
    └── Away             nobody knows, and later it may work: ask again, or keep the file
        ├── Unreachable  no answer: no connection, a broken one, or too slow
        ├── Busy         408, 429, 5xx: an answer that says not now; 409 to a call with an
        │                Idempotency-Key: an earlier attempt with it is still at work
        └── NotAmparo    an answer that is none of Amparo's: a proxy's page, a redirect

They belong to the categories of `amparo.core.errors` too. None repeats a key, a file or a hash.
"""

from amparo.core import errors

MOST_LETTERS = 500


class CallFailed(errors.AmparoError):
    """A call that gave no answer. `status` is None where none came; `attempts` were made."""

    code = "call_failed"
    status: int | None = None
    attempts: int = 0
    retry_after_s: float | None = None

    @property
    def detail(self) -> str:
        """What is wrong, for people."""
        return self.message

    def __str__(self) -> str:
        said = [str(self.status), self.code] if self.status else [self.code]
        if self.attempts > 1:
            said.append(f"after {self.attempts} attempts")
        return f"{self.message} ({', '.join(said)})"


class NotSent(CallFailed, errors.Invalid):
    """What was given cannot be right; nothing was sent."""

    code = "not_sent"


class Refused(CallFailed):
    """Amparo answered, and will say the same again."""

    code = "refused"


class NotGood(Refused, errors.Invalid):
    """The request cannot be right."""


class KeyRefused(Refused, errors.Denied):
    """The key is not good, or may not."""


class NotThere(Refused, errors.NotFound):
    """It does not exist, or not for this key."""


class NotNow(Refused, errors.Conflict):
    """It does not fit the present state."""


class TooLarge(Refused, errors.Invalid):
    """The file or the request is too long."""


class Away(CallFailed, errors.Unavailable):
    """Nobody knows whether it was done, unless the call was one that may be repeated."""

    code = "away"


class Unreachable(Away):
    """No answer came: no connection, a broken one, or too slow."""

    code = "unreachable"


class Busy(Away):
    """Amparo, or what stands before it, says: not now."""

    code = "busy"


class NotAmparo(Away):
    """What came is no answer of Amparo's."""

    code = "not_amparo"


_KINDS: dict[int, type[CallFailed]] = {
    401: KeyRefused, 403: KeyRefused, 404: NotThere, 408: Busy, 409: NotNow, 413: TooLarge,
    429: Busy,
}  # fmt: skip


def kind_of(status: int) -> type[CallFailed]:
    """Which error an answer of this status is."""
    if status >= 500:
        return Busy
    return _KINDS.get(status, NotGood)
