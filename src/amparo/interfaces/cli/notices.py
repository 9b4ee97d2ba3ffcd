"""`amparo notices`: what people told the platform, and what is answered."""

from typing import TYPE_CHECKING

import click

from amparo.core.settings import settings
from amparo.interfaces.cli.database import opened, operator, organisation_option
from amparo.interfaces.cli.options import FORMAT, announce, leave
from amparo.interfaces.cli.output import Format, printer

if TYPE_CHECKING:
    from amparo.respond.review.notices.model import Notice

OUTCOMES = ("removed", "restricted", "kept", "not-found", "passed-on")
_COLUMNS = {
    "number": 19, "kind": 15, "sender": 15, "signed": 6, "due_at": 25, "overdue": 7,
    "outcome": 10, "answered_at": 25,
}  # fmt: skip


@click.group("notices", short_help="Show and answer what people told.")
def command() -> None:
    """Show and answer what users, trusted flaggers and hotlines told.

    \b
    Example:
      amparo notices list --format table
      amparo notices show NYEC-AQ7C-PB3D-4KWZ
      amparo notices answer NYEC-AQ7C-PB3D-4KWZ --outcome removed --why "It broke our rules."
    """


@command.command("list")
@click.option("--answered", is_flag=True, help="Those that are answered, the newest first.")
@FORMAT
@organisation_option
def show_all(answered: bool, form: str, organisation: str | None) -> None:
    """Show the first thousand notices that wait, by when they are due.

    \b
    Example:
      amparo notices list --format table
    """
    from amparo.core.clock import SystemClock
    from amparo.respond.review.notices.store import Notices

    show_row = printer(Format(form), _COLUMNS, lambda record: [record])
    with opened() as database:
        actor = operator(database, organisation)
        with database.reading() as work:
            store = Notices(work, actor.organisation_id)
            found = store.answered(1000) if answered else store.waiting(1000)
    now = SystemClock().now()
    for each in found:
        show_row(_shown(each) | {"overdue": each.answer is None and each.due_at < now})
    leave(0)


@command.command("show")
@click.argument("number")
@organisation_option
def show(number: str, organisation: str | None) -> None:
    """Show all that was told in the notice NUMBER, as JSON; the look is on record.

    What lists say of its file, `GET /v1/notices/NUMBER/told` tells.

    \b
    Example:
      amparo notices show NYEC-AQ7C-PB3D-4KWZ
    """
    import json

    from amparo.access.people.secrets import access_key
    from amparo.app.take_notice import look_at
    from amparo.core.clock import SystemClock

    with opened() as database:
        key = access_key(settings().access_key)
        told = look_at(database, number, key, operator(database, organisation), SystemClock())
    record = _shown(told.notice) | {
        "urls": list(told.urls),
        "explanation": told.explanation,
        "contact": told.contact,
        "signature": told.signature,
        "has_file": told.held_as is not None,
        "language": told.notice.language,
        "received_at": told.notice.received_at.isoformat(timespec="seconds"),
        "why": told.notice.answer and told.notice.answer.why,
    }
    click.echo(json.dumps(record, ensure_ascii=False))
    leave(0)


@command.command("answer")
@click.argument("number")
@click.option("--outcome", required=True, type=click.Choice(OUTCOMES), help="What was done.")
@click.option("--why", required=True, help="Why; whoever told will read it.")
@organisation_option
def answer(number: str, outcome: str, why: str, organisation: str | None) -> None:
    """Say what was done about the notice NUMBER, and why; once.

    \b
    Example:
      amparo notices answer NYEC-AQ7C-PB3D-4KWZ --outcome removed --why "It broke our rules."
    """
    from amparo.app.take_notice import answer_notice
    from amparo.core.clock import SystemClock
    from amparo.respond.review.notices.model import Outcome

    with opened() as database:
        actor = operator(database, organisation)
        answer_notice(database, number, Outcome(outcome), why, actor, SystemClock())
    announce("Answered.")
    leave(0)


def _shown(each: "Notice") -> dict[str, object]:
    answered = each.answer
    return {
        "number": each.number,
        "kind": each.kind.value,
        "sender": each.sender.value,
        "signed": each.is_signed,
        "due_at": each.due_at.isoformat(timespec="seconds"),
        "outcome": answered and answered.outcome.value,
        "answered_at": answered and answered.answered_at.isoformat(timespec="seconds"),
    }
