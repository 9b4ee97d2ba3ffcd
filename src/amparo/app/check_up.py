"""What an operator gets wrong with a service: keys, addresses, clocks, people, witnesses."""

import os
from collections.abc import Iterator, Mapping
from datetime import timedelta
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import urlsplit

from sqlalchemy import select

from amparo.access.contracts import SHIELD, Contracts
from amparo.access.installation import installation, is_drill, without_backup_since
from amparo.access.jurisdiction import Profiles
from amparo.access.keys import organisations
from amparo.access.people.store import People
from amparo.access.witnessed import Trails
from amparo.app.check_host import clock_findings, host_findings
from amparo.app.check_keys import key_findings
from amparo.app.check_waiting import message_findings, notice_findings
from amparo.app.check_witness import witness_findings
from amparo.app.listening import is_open, listens_at
from amparo.core.clock import Clock
from amparo.core.ids import OrganisationId
from amparo.core.settings import Settings
from amparo.db import Database, Work
from amparo.detect.hashing.plug_ins import not_plugged_in
from amparo.detect.lists.tables import SignalRow
from amparo.respond.webhooks.model import State
from amparo.respond.webhooks.store import Webhooks

BACKUP_EACH = timedelta(days=7)
TOLD_EACH = timedelta(days=2)
"""Whoever witnesses hears of a trail that anything happens in once a day at least."""

FAILS_FOR = timedelta(minutes=10)
"""A receiver that is restarted takes less."""

WIDEST_V4, WIDEST_V6 = 8, 32
"""10.0.0.0/8 is the largest private network of IPv4; a provider gets a /32 of IPv6."""

_PRIVATE_V6 = IPv6Network("fc00::/7")

_OTHER_NAMES = {"AMPARO_SETTINGS_FILE", "AMPARO_URL", "AMPARO_KEY"}
"""Which file to read, and what the client for Python takes."""

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def findings(settings: Settings, database: Database, clock: Clock) -> Iterator[str]:
    """What should be mended, each in a sentence that says how. Raises Unavailable."""
    yield from _names(os.environ)
    yield from _addresses(settings)
    yield from host_findings(settings, clock)
    with database.reading() as work:
        yield from key_findings(settings, work)
        yield from clock_findings(work, database, clock)
        yield from _hash_types(work)
        if is_drill(work):
            yield from _drill(work)
            return
        yield from witness_findings(settings, work, clock)
        yield from _backups(work, clock)
        yield from message_findings(work, clock)
        for name, organisation in organisations(work).items():
            yield from (f"{name}: {found}" for found in _people(People(work, organisation)))
            if Profiles(work).present(organisation) is None:
                yield (
                    f"{name}: no jurisdiction profile is on record, so private messages are not "
                    "scanned and nothing is kept for long; `amparo jurisdiction example us`."
                )
            yield from (f"{name}: {found}" for found in _contracts(settings, work, organisation))
            yield from (
                f"{name}: {found}" for found in _webhooks(Webhooks(work, organisation), clock)
            )
            yield from (f"{name}: {found}" for found in _trails(Trails(work, organisation), clock))
            yield from (f"{name}: {found}" for found in notice_findings(work, organisation, clock))


def _names(environment: Mapping[str, str]) -> Iterator[str]:
    """Variables that look like settings and are none: whoever set them believes otherwise."""
    known = {f"AMPARO_{field.upper()}" for field in Settings.model_fields} | _OTHER_NAMES
    for name in sorted(environment):
        if name.startswith("AMPARO_") and name not in known:
            meant = get_close_matches(name, known, n=1)
            hint = f"; is {meant[0]} meant?" if meant else "."
            yield f"{name} is set, and is no setting of Amparo{hint}"


def _addresses(settings: Settings) -> Iterator[str]:
    url = urlsplit(settings.public_url)
    if url.scheme == "http" and url.hostname not in _LOOPBACK:
        yield "People sign in without encryption: put TLS before it, AMPARO_PUBLIC_URL=https://…"
    listens = listens_at(settings.home)
    is_default = settings.trusted_proxies == Settings.model_fields["trusted_proxies"].default
    if url.scheme == "https" and listens is not None and is_open(listens[0]) and is_default:
        yield (
            "Whatever speaks TLS before it is believed on this machine alone: from elsewhere, or "
            "before a container, everybody seems to have the proxy's address, and 30 wrong "
            "passwords by anybody keep all of them waiting; name it in AMPARO_TRUSTED_PROXIES."
        )
    wide = [each for each in settings.trusted_proxies if _is_wide(each)]
    if wide:
        yield (
            f"Anybody is believed to be any address (AMPARO_TRUSTED_PROXIES has {', '.join(wide)})"
            ": name your proxies alone."
        )


def _is_wide(proxies: str) -> bool:
    """Whether more of the world is believed than proxies of one's own can be."""
    if proxies == "*":
        return True
    network = ip_network(proxies)
    if isinstance(network, IPv4Network):
        return network.prefixlen < WIDEST_V4
    return network.prefixlen < WIDEST_V6 and not network.subnet_of(_PRIVATE_V6)


def _hash_types(work: Work) -> Iterator[str]:
    names = work.execute(select(SignalRow.algorithm).distinct()).scalars()
    for name in not_plugged_in(names):
        yield (
            f"Signals of the hash type {name!r} are on lists and find nothing, since it is not "
            "plugged in (AMPARO_HASH_TYPES)."
        )


def _drill(work: Work) -> Iterator[str]:
    """All that is said of a drill: what its people and webhooks lack is mended where it is from."""
    backup_of = installation(work).restored_from
    yield (
        f"This is a drill, restored from the backup of {backup_of:%Y-%m-%d}: it tells nobody, and "
        "should be removed once it has shown what it should, its keys first."
    )


def _backups(work: Work, clock: Clock) -> Iterator[str]:
    last = installation(work).backed_up_at
    since = without_backup_since(work)
    if since is not None and clock.now() - since > BACKUP_EACH:
        made = f"The last backup is of {last:%Y-%m-%d}" if last else "No backup was ever made"
        yield f"{made}; `amparo backup FOLDER` makes one while the service goes on."


def _people(people: People) -> Iterator[str]:
    owners = people.owners()
    waiting = [each.email for each in owners if each.active_since is None]
    entering = len(owners) - len(waiting)
    if not owners:
        yield "nobody can sign in as its owner; `amparo people add … --role owner`."
    elif not entering:
        yield (
            f"nobody can sign in as its owner until {waiting[0]} accepts the invitation; "
            f"`amparo people invite-again {waiting[0]}` makes another link."
        )
    elif entering == 1:
        yield (
            "has one owner who can sign in; a second one can invite the first again, who loses a "
            "telephone."
        )


def _contracts(settings: Settings, work: Work, organisation: OrganisationId) -> Iterator[str]:
    contract = Contracts(work).standing(organisation, SHIELD)
    sends = settings.shield_sends
    if settings.shield_user and (contract is None or contract.covers != sends):
        confirmed = "no contract" if contract is None else f"a contract for {contract.covers!r}"
        yield (
            f"Project Arachnid Shield is set up and told nothing, since {confirmed} is confirmed; "
            f"once one for {sends!r} is signed: `amparo shield confirm --sends {sends} "
            "--reference …`."
        )


def _webhooks(webhooks: Webhooks, clock: Clock) -> Iterator[str]:
    for each in webhooks.all():
        since = each.failing_since
        if since is not None and not each.suspended and clock.now() - since > FAILS_FOR:
            yield (
                f"{each.url} takes no messages since {since:%Y-%m-%d %H:%M} UTC; `amparo webhooks "
                f"deliveries {each.id} --state waiting` says why."
            )
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


def _trails(trails: Trails, clock: Clock) -> Iterator[str]:
    for name, last in trails.silent(clock.now() - TOLD_EACH):
        yield (
            f"nothing was told of the trail {name!r} since {last:%Y-%m-%d %H:%M} UTC: ask those "
            "whose trail it is, since a trail that nobody witnesses can be cut."
        )
    found = trails.contradictions()
    if found:
        yield (
            f"{found} checkpoints of trails that it witnesses contradict what was told before; GET "
            "/v1/checkpoints?contradicting=true shows them: ask those whose trails they are."
        )
