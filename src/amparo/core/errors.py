"""Every error that Amparo raises on purpose belongs to one of five categories.

AmparoError
├── NotFound      what was asked for does not exist, or not for you
├── Invalid       what was given cannot be right
├── Conflict      it could be right, but not in the present state
├── Denied        you may not
└── Unavailable   not now, or not on this machine
"""


class AmparoError(Exception):
    """An error with a stable code for programs and a message that names the next step."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code


class NotFound(AmparoError):
    """What was asked for does not exist, or not for the one who asks."""

    code = "not_found"


class Invalid(AmparoError):
    """What was given cannot be right, whatever the state."""

    code = "invalid"


class Conflict(AmparoError):
    """What was asked does not fit the present state."""

    code = "conflict"


class Denied(AmparoError):
    """The one who asks may not."""

    code = "denied"


class Unavailable(AmparoError):
    """Something that is needed is not there now, or not on this machine."""

    code = "unavailable"
