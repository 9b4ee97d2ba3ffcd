"""What an operator gets wrong with a service: keys, addresses, clocks, people, witnesses."""

import os
import shutil
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import func, select

from amparo.access.audit.tables import CheckpointRow
from amparo.access.installation import installation
from amparo.access.jurisdiction import Profiles
from amparo.access.keys import organisations
from amparo.access.people.store import People
from amparo.access.roles import Role
from amparo.access.tables import OrganisationRow
from amparo.core.clock import Clock
from amparo.core.settings import Settings
from amparo.db import Database, Work
from amparo.respond.webhooks.model import State
from amparo.respond.webhooks.store import Webhooks

LEAST_FREE_BYTES = 2 * 1024**3
BACKUP_EACH = timedelta(days=7)
CLOCKS_APART = timedelta(seconds=10)
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def findings(settings: Settings, database: Database, clock: Clock) -> Iterator[str]:
    """What should be mended, each in a sentence that says how. Raises Unavailable."""
    yield from _keys(settings)
    yield from _addresses(settings)
    yield from _witness(settings)
    yield from _space(settings)
    with database.reading() as work:
        yield from _clocks(work, database, clock)
        yield from _backups(work, clock)
        for name, organisation in organisations(work).items():
            yield from (f"{name}: {found}" for found in _people(People(work, organisation)))
            if Profiles(work).present(organisation) is None:
                yield (
                    f"{name}: no jurisdiction profile is on record, so private messages are not "
                    "scanned and nothing is kept for long; `amparo jurisdiction example us`."
                )
            yield from (f"{name}: {found}" for found in _webhooks(Webhooks(work, organisation)))


def _keys(settings: Settings) -> Iterator[str]:
    for what, path in (
        ("vault's key", settings.vault_key),
        ("access key", settings.access_key),
        ("audit key", settings.audit_key),
    ):
        try:
            about = path.stat()
        except FileNotFoundError:
            continue
        except OSError as error:
            yield f"The {what} {path} cannot be read ({error.strerror})."
            continue
        if about.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield f"Others on this machine may read or change the {what}: chmod 600 {path}."
        if path.resolve().is_relative_to(settings.home.resolve()):
            yield (
                f"The {what} lies in AMPARO_HOME, where copies of the data take it along; move it "
                "and name it in the settings."
            )


def _addresses(settings: Settings) -> Iterator[str]:
    url = urlsplit(settings.public_url)
    if url.scheme == "http" and url.hostname not in _LOOPBACK:
        yield "People sign in without encryption: put TLS before it, AMPARO_PUBLIC_URL=https://…"
    if "*" in settings.trusted_proxies:
        yield (
            "Anybody is believed to be any address (AMPARO_TRUSTED_PROXIES): name your proxies "
            "alone."
        )


def _witness(settings: Settings) -> Iterator[str]:
    if settings.audit_witness_file is None and not settings.audit_witness_command:
        yield (
            "The audit trail has no witness: who holds its key could cut its end off; "
            "AMPARO_AUDIT_WITNESS_COMMAND or AMPARO_AUDIT_WITNESS_FILE."
        )


def _space(settings: Settings) -> Iterator[str]:
    there = _nearest(settings.home)
    free = shutil.disk_usage(there).free
    if free < LEAST_FREE_BYTES:
        yield f"Only {free // 1024**2} MiB are free where AMPARO_HOME is."
    if not os.access(there, os.W_OK):
        yield f"{there} cannot be written to by this account."


def _nearest(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())


def _clocks(work: Work, database: Database, clock: Clock) -> Iterator[str]:
    now = clock.now()
    if database.engine.dialect.name == "postgresql":
        theirs = work.execute(select(func.clock_timestamp())).scalar_one()
        if abs(theirs - now) > CLOCKS_APART:
            yield (
                f"This machine's clock and the database's are {abs(theirs - now)} apart; let both "
                "follow a time server."
            )
    newest = work.execute(select(func.max(CheckpointRow.at))).scalar()
    if newest is not None and newest > now + CLOCKS_APART:
        yield (
            f"The clock is behind what is on record by {newest - now}: it went back, or was ahead; "
            "let it follow a time server."
        )


def _backups(work: Work, clock: Clock) -> Iterator[str]:
    last = installation(work).backed_up_at
    began = work.execute(select(func.min(OrganisationRow.created_at))).scalar()
    since = last or began
    if since is not None and clock.now() - since > BACKUP_EACH:
        made = f"The last backup is of {last:%Y-%m-%d}" if last else "No backup was ever made"
        yield f"{made}; `amparo backup FOLDER` makes one while the service goes on."


def _people(people: People) -> Iterator[str]:
    there = [each for each in people.all() if each.removed_at is None]
    owners = [each for each in there if Role.OWNER in each.roles]
    if not owners:
        yield "nobody can sign in as its owner; `amparo people add … --role owner`."
    elif len(owners) == 1:
        yield ("has one owner; a second one can invite the first again, who loses a telephone.")


def _webhooks(webhooks: Webhooks) -> Iterator[str]:
    for each in webhooks.all():
        dead = webhooks.counts(each.id)[State.DEAD]
        if each.suspended:
            yield (
                f"nothing is sent to {each.url}. {each.suspended} `amparo webhooks resume "
                f"{each.id}`."
            )
        if dead:
            yield (
                f"{dead} messages to {each.url} were given up; `amparo webhooks deliveries "
                f"{each.id}`."
            )
