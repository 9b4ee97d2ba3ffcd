"""Whether the audit trail's witnesses hear what it comes to, and agree."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from amparo.access.audit.checkpoint import Checkpoint
from amparo.access.audit.hear import last_told
from amparo.access.audit.losses import Restore, restores
from amparo.access.audit.telling import Standing, standings
from amparo.access.audit.witness import COMMAND, newest_checkpoint
from amparo.core.clock import Clock
from amparo.core.settings import Settings
from amparo.db import Work

SILENT_AFTER = timedelta(minutes=5)
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def witness_findings(settings: Settings, work: Work, clock: Clock) -> Iterator[str]:
    """What should be mended, each in a sentence that says how."""
    file, url = settings.audit_witness_file, settings.audit_witness_url
    if file is None and not settings.audit_witness_command and not url:
        yield (
            "The audit trail has no witness: who holds its key could cut its end off; "
            "AMPARO_AUDIT_WITNESS_URL, AMPARO_AUDIT_WITNESS_COMMAND or AMPARO_AUDIT_WITNESS_FILE."
        )
    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        yield f"The witness {url} is told without encryption, the key too: use https://."
    if file is not None and file.resolve().is_relative_to(settings.home.resolve()):
        yield (
            "The witness lies in AMPARO_HOME: who can cut the trail can cut it too; let it be a "
            "file on another machine."
        )
    newest = newest_checkpoint(work)
    if newest is None:
        return
    is_due = newest.at < clock.now() - SILENT_AFTER
    known = {each.name: each for each in standings(work)}
    # All of the trail is read for them, so only where it matters.
    restored = restores(work) if any(each.refused for each in known.values()) else []
    for name in ([COMMAND] if settings.audit_witness_command else []) + ([url] if url else []):
        yield from _standing(name, known.get(name), newest, restored, is_due=is_due)
    if file is not None and is_due and last_told(file) < newest.position:
        yield (
            f"The witness {file} was not told of the newest checkpoint (entry {newest.position}): "
            "is `amparo serve` at work with these settings, and may it write there?"
        )


def _standing(
    name: str,
    standing: Standing | None,
    newest: Checkpoint,
    restored: Sequence[Restore],
    *,
    is_due: bool,
) -> Iterator[str]:
    who = "The witness command" if name == COMMAND else f"The witness {name}"
    if standing is not None and standing.refused:
        yield (
            f"{who} knows of another trail than this one. {standing.failure} `amparo audit verify "
            f"--witness {name}` names the entry.{_if_restored(name, restored)}"
        )
    elif standing is not None and standing.failing_since is not None:
        since = standing.failing_since.isoformat(timespec="seconds")
        yield f"{who} was told nothing since {since}: {standing.failure}"
    elif is_due and (standing is None or standing.position < newest.position):
        yield (
            f"{who} was not told of the newest checkpoint (entry {newest.position}): is `amparo "
            "serve` at work with these settings?"
        )


def _if_restored(name: str, restored: Sequence[Restore]) -> str:
    if not restored:
        return ""
    last = restored[-1]
    return (
        f" On record is {last}. If you made it, and only then: `amparo audit verify --witness "
        f"{name} --restored {last.id}`."
    )
