"""`amparo lists`, where consequences are taken away: proposals for negative lists, and floods."""

import click

from amparo.interfaces.cli.database import opened, operator, organisation_option
from amparo.interfaces.cli.options import FORMAT, announce, leave
from amparo.interfaces.cli.output import Format, printer
from amparo.interfaces.cli.signed_in import signed_in

_PROPOSALS = {"list": 24, "proposal": 8, "signals": 8, "proposed": 25, "by": 40}
_FLOODS = {"signal": 12, "began_at": 26, "hits": 8, "busiest_before": 14}


@click.command("proposals")
@FORMAT
@organisation_option
def show_proposals(form: str, organisation: str | None) -> None:
    """Show what waits in negative lists for a second person.

    \b
    Example:
      amparo lists proposals --format table
    """
    from amparo.detect.lists.proposals import proposals

    with opened() as database:
        actor = operator(database, organisation)
        with database.reading() as work:
            waiting = proposals(work, actor.organisation_id)
    show_row = printer(Format(form), _PROPOSALS, lambda record: [record])
    for each in waiting:
        show_row(
            {
                "list": each.list_name,
                "proposal": each.number,
                "signals": each.signals,
                "proposed": each.proposed_at.isoformat(timespec="seconds"),
                "by": each.proposed_by,
            }
        )
    leave(0)


@click.command("confirm")
@click.argument("name")
@click.argument("proposal", type=int)
@click.option("--as", "email", metavar="EMAIL", help="Who confirms: asked for password and code.")
@organisation_option
def confirm(name: str, proposal: int, email: str | None, organisation: str | None) -> None:
    """Have PROPOSAL, which somebody else made, hold in the list NAME.

    It takes two people, each of whom signs in: nobody knows who sits at a shell. Where one person
    runs it all (amparo people solo), nobody needs to, and the delay must be over.

    \b
    Example:
      amparo lists confirm harmless 12 --as ana@example.org
    """
    from amparo.app.change_lists import confirm_proposal
    from amparo.core.clock import SystemClock

    with opened() as database:
        actor = operator(database, organisation)
        if email is not None:
            actor = signed_in(database, email, actor)
        change = confirm_proposal(database, name, proposal, actor, SystemClock())
    if change is None:
        announce("You are the first; somebody else must confirm it too.")
    else:
        announce(f"Revision {change.revision} of {name!r}.")
    leave(0)


@click.command("refuse")
@click.argument("name")
@click.argument("proposal", type=int)
@organisation_option
def refuse(name: str, proposal: int, organisation: str | None) -> None:
    """Remove PROPOSAL from what waits in the list NAME.

    \b
    Example:
      amparo lists refuse harmless 12
    """
    from amparo.app.change_lists import refuse_proposal
    from amparo.core.clock import SystemClock

    with opened() as database:
        actor = operator(database, organisation)
        refuse_proposal(database, name, proposal, actor, SystemClock())
    announce("Removed.")
    leave(0)


@click.command("floods")
@FORMAT
@organisation_option
def floods(form: str, organisation: str | None) -> None:
    """Show signals that suddenly match far more than before: their consequences are suspended.

    \b
    Example:
      amparo lists floods --format table
    """
    from amparo.detect.deciding.flood import floods as all_floods

    with opened() as database:
        actor = operator(database, organisation)
        with database.reading() as work:
            known = all_floods(work, actor.organisation_id)
    show_row = printer(Format(form), _FLOODS, lambda record: [record])
    for each in known:
        show_row(
            {
                "signal": str(each.signal),
                "began_at": each.began_at.isoformat(timespec="seconds"),
                "hits": each.hits,
                "busiest_before": each.busiest_before,
            }
        )
    leave(0)


@click.command("end-flood")
@click.argument("signal", type=click.IntRange(min=1))
@organisation_option
def end_flood(signal: int, organisation: str | None) -> None:
    """Let SIGNAL have its consequences again, because a person has seen that it is right.

    \b
    Example:
      amparo lists end-flood 4711
    """
    from amparo.app.change_lists import end_flood as let_it
    from amparo.core.clock import SystemClock

    with opened() as database:
        let_it(database, signal, operator(database, organisation), SystemClock())
    announce(f"Signal {signal} has its consequences again; for a day it is not suspended.")
    leave(0)
