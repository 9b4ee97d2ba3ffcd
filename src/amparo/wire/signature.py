"""How a message to a platform is signed, and how its receiver knows that it comes from Amparo.

As https://www.standardwebhooks.com has it, so that its libraries in other languages serve too.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import time

_PREFIX = "whsec_"
_SECRET_BYTES = 32
_TOLERANCE_S = 300

ID = "webhook-id"
TIMESTAMP = "webhook-timestamp"
SIGNATURE = "webhook-signature"


class NotGenuine(ValueError):
    """A message that nobody who has the secret has sent, or not lately."""


def new_secret() -> str:
    """What both ends keep."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """What goes into the header. Raises ValueError where the secret is none."""
    said = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(_key(secret), said, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def verify(
    secret: str,
    message_id: str,
    timestamp: str,
    signatures: str,
    body: bytes,
    *,
    now: float | None = None,
) -> None:
    """Raises NotGenuine unless one of the signatures is right, and made within five minutes."""
    if not timestamp.isascii() or not timestamp.isdigit():
        raise NotGenuine("The timestamp is no number.")
    if abs((time.time() if now is None else now) - int(timestamp)) > _TOLERANCE_S:
        raise NotGenuine("The message is too old, or from the future.")
    expected = signature(secret, message_id, int(timestamp), body).encode()
    if not any(hmac.compare_digest(each.encode(), expected) for each in signatures.split(" ")):
        raise NotGenuine("No signature of this message is right.")


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("This is no secret of a webhook.") from error
