"""Who witnesses this installation's audit trail, put together from the settings."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from amparo.access.audit.hear import Told, told_to_file
from amparo.access.audit.other_amparo import OtherAmparo
from amparo.access.audit.witness import Command, Witness
from amparo.core.errors import Invalid
from amparo.core.settings import Settings
from amparo.net.post import Poster

_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")
_SECONDS = 30


def witnesses(settings: Settings, key: Ed25519PublicKey) -> Iterator[Witness]:
    """Those that are told as time goes by. Raises Invalid, Denied where one never can be."""
    if settings.audit_witness_command:
        yield Command(settings.audit_witness_command)
    if settings.audit_witness_url:
        yield other_amparo(settings, key)


def other_amparo(
    settings: Settings, key: Ed25519PublicKey, url: str = "", key_file: Path | None = None
) -> OtherAmparo:
    """The one that the settings name, or another. Raises Invalid, Denied."""
    url = url or settings.audit_witness_url
    file = key_file or settings.audit_witness_key_file
    if file is None:
        raise Invalid(
            f"{url} knows you by a key: put it into a file, and name that with "
            "AMPARO_AUDIT_WITNESS_KEY_FILE or --witness-key-file."
        )
    poster = Poster((*settings.webhook_hosts, *_THIS_MACHINE), _SECONDS)
    poster.check(url)
    return OtherAmparo(url, file, key, poster)


def told_to(
    settings: Settings,
    key: Ed25519PublicKey,
    named: Iterable[str] = (),
    key_file: Path | None = None,
    trail: str | None = None,
) -> list[Told]:
    """What witnesses were told, who are files and URLs; those of the settings where none is named.

    Raises Unavailable, Invalid, Denied.
    """
    told: list[Told] = []
    for each in tuple(named) or witnesses_named(settings):
        if is_url(each):
            told += other_amparo(settings, key, each, key_file).told(trail)
        else:
            told += told_to_file(Path(each))
    return told


def is_url(witness: str) -> bool:
    """Whether it is another Amparo, and no file."""
    return witness.startswith(("http://", "https://"))


def witnesses_named(settings: Settings) -> tuple[str, ...]:
    """Those in the settings that can say what they were told."""
    return tuple(
        str(each) for each in (settings.audit_witness_url, settings.audit_witness_file) if each
    )
