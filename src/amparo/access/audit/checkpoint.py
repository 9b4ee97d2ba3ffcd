"""A checkpoint as it is told to others: what the trail came to at a position, and when, signed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from amparo.access.audit.chain import statement
from amparo.access.audit.signing import is_signed
from amparo.core.errors import Invalid


class TamperedError(Invalid):
    """The trail is not as it was written; the message names the entry."""

    code = "audit.tampered"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`digest` is that of the chain, `root` that of the tree over all entries until here."""

    position: int
    at: datetime
    digest: bytes
    root: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """As a witness is told it."""
        return line_of(self.position, self.at, self.digest, self.root, self.signature)

    def is_signed_by(self, key: Ed25519PublicKey) -> bool:
        """Whether the key's holder says so."""
        said = statement(self.position, self.at, self.digest, self.root)
        return is_signed(key, self.signature, said)


def line_of(position: int, at: datetime, digest: bytes, root: bytes, signature: bytes) -> str:
    """A checkpoint as a line of JSON."""
    said = {
        "position": position,
        "at": at.isoformat(),
        "digest": digest.hex(),
        "root": root.hex(),
        "signature": signature.hex(),
    }
    return json.dumps(said) + "\n"


def checkpoint_of(said: Mapping[str, Any]) -> Checkpoint:
    """What a line says, once it is read as JSON. Raises Invalid, which does not repeat it."""
    try:
        at = datetime.fromisoformat(said["at"])
        if at.tzinfo is None or type(said["position"]) is not int:
            raise ValueError("no moment, or no position")
        digest, root, signature = (
            bytes.fromhex(said[each]) for each in ("digest", "root", "signature")
        )
        return Checkpoint(said["position"], at, digest, root, signature)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise Invalid("This is no checkpoint.", code="checkpoint_invalid") from error
