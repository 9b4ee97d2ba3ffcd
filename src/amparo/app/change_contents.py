"""Contents of banks as their callers change them: on record, in the audit trail, told to hosts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from amparo.access.audit import record
from amparo.access.model import Actor
from amparo.core.clock import Clock
from amparo.core.errors import Denied
from amparo.db import Database, Work
from amparo.detect.lists import contents
from amparo.detect.lists.contents import Content, get_content, put_said
from amparo.detect.lists.model import ListKind, Signal, SignalList
from amparo.detect.lists.store import Lists


@dataclass(frozen=True, slots=True, repr=False)
class ContentChange:
    """What is to be said of a content from now on; None leaves it as it is."""

    disable_until_ts: int | None = None
    note: str | None = None


def add_content(
    database: Database,
    name: str,
    signals: Sequence[Signal],
    actor: Actor,
    clock: Clock,
    *,
    note: str | None = None,
    said: Mapping[str, Any] | None = None,
) -> Content:
    """Add signals to a list as one content. Raises NotFound, and Denied for a negative list."""
    with database.work() as work:
        to = Lists(work).alone(actor.organisation_id, name)
        _check_kind(to)
        about = Content(0, (), note=note, said=said)
        added = contents.add_content(work, to, signals, about, actor=actor.name, now=clock.now())
        _record(work, to, added, actor, clock, "contents.add")
        database.tell(work)
    return added


def change_content(
    database: Database, name: str, content_id: int, change: ContentChange, actor: Actor,
    clock: Clock,
) -> Content:  # fmt: skip
    """Disable or enable a content, or note something. Raises NotFound, Denied."""
    now = clock.now()
    with database.work() as work:
        of = Lists(work).alone(actor.organisation_id, name)
        _check_kind(of)
        before = get_content(work, of, content_id)
        until = before.disable_until_ts if change.disable_until_ts is None else (
            change.disable_until_ts
        )  # fmt: skip
        after = replace(before, disable_until_ts=until)
        if change.note is not None:
            after = replace(after, note=change.note)
        put_said(work, of, after)
        if change.disable_until_ts is not None:
            contents.disable(work, of, before, until, actor=actor.name, now=now)
        _record(work, of, after, actor, clock, "contents.change", disable_until_ts=until)
        database.tell(work)
        return get_content(work, of, content_id)


def remove_content(
    database: Database, name: str, content_id: int, actor: Actor, clock: Clock
) -> None:
    """Withdraw all signals of a content. Raises NotFound."""
    with database.work() as work:
        of = Lists(work).alone(actor.organisation_id, name)
        gone = get_content(work, of, content_id)
        contents.withdraw_content(work, of, gone, actor=actor.name, now=clock.now())
        _record(work, of, gone, actor, clock, "contents.remove")
        database.tell(work)


def _check_kind(of: SignalList) -> None:
    if of.kind is ListKind.NEGATIVE:
        raise Denied(
            f"The list {of.name!r} holds what is known to be harmless: its entries take two people "
            f"and an end. Propose them with POST /v1/lists/{of.name}/signals or "
            "`amparo lists import`.",
            code="second_person",
        )


def _record(
    work: Work,
    of: SignalList,
    content: Content,
    actor: Actor,
    clock: Clock,
    action: str,
    **others: object,
) -> None:
    signals = [str(each.number) for each in content.signals]
    record(
        work, actor.organisation_id, actor=actor.name, action=action, subject=f"list:{of.id}",
        now=clock.now(), detail={"content": str(content.id), "signals": signals} | others,
    )  # fmt: skip
