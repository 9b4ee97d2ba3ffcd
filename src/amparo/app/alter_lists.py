"""Lists are renamed, removed, and count for a share of uploads: on record, told to all hosts."""

from amparo.access.audit import record
from amparo.access.model import Actor
from amparo.core.clock import Clock
from amparo.core.errors import Denied
from amparo.db import Database, Work
from amparo.detect.lists.alter import (
    remove,
    rename,
    set_share,
    set_video_rules,
    withdraw_some,
)
from amparo.detect.lists.model import ListKind, SignalList, VideoRule
from amparo.detect.lists.store import Lists

ROWS_AT_A_TIME = 5000


def alter_list(
    database: Database,
    name: str,
    actor: Actor,
    clock: Clock,
    *,
    new_name: str | None = None,
    share: float | None = None,
    video_rules: tuple[VideoRule, ...] | None = None,
) -> SignalList:
    """Change what is given.

    Raises NotFound, Invalid, Conflict where the name is taken, and Denied where a negative list
    would take more consequences away.
    """
    with database.work() as work:
        lists = Lists(work)
        of = lists.alone(actor.organisation_id, name)
        if share is not None and share != of.enabled_share:
            _check_share(of, share)
            set_share(work, of, share)
            _record(work, of, actor, clock, "lists.share", share=share)
        if video_rules is not None and video_rules != of.video_rules:
            set_video_rules(work, of, video_rules)
            said = [f"{each.query_percent}:{each.listed_percent}" for each in video_rules]
            _record(work, of, actor, clock, "lists.video_rules", rules=said)
        if new_name is not None and new_name != of.name:
            rename(work, of, new_name)
            _record(work, of, actor, clock, "lists.rename", name=new_name, before=of.name)
        database.tell(work)
        return lists.get(actor.organisation_id, new_name or name)


def remove_list(
    database: Database,
    name: str,
    actor: Actor,
    clock: Clock,
    *,
    rows_at_a_time: int = ROWS_AT_A_TIME,
) -> None:
    """Remove a list: at once nothing matches it; then its signals are withdrawn. Raises NotFound.

    The signals of a long list go portion by portion, so that nobody else waits.
    """
    with database.work() as work:
        of = Lists(work).alone(actor.organisation_id, name)
        remove(work, of, clock.now())
        _record(work, of, actor, clock, "lists.remove", name=of.name, revision=of.revision)
        database.tell(work)
    left = True
    while left:
        with database.work() as work:
            left = bool(withdraw_some(work, of, rows_at_a_time, actor=actor.name, now=clock.now()))
            database.tell(work)


def _check_share(of: SignalList, share: float) -> None:
    if of.kind is ListKind.NEGATIVE and share > of.enabled_share:
        raise Denied(
            f"The list {of.name!r} holds what is known to be harmless: no one person has it take "
            "more consequences away.",
            code="second_person",
        )


def _record(
    work: Work, of: SignalList, actor: Actor, clock: Clock, action: str, **detail: object
) -> None:
    record(
        work, actor.organisation_id, actor=actor.name, action=action, subject=f"list:{of.id}",
        now=clock.now(), detail=detail,
    )  # fmt: skip
