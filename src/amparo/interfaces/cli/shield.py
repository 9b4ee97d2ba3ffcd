"""`amparo shield`: confirm the contract with Project Arachnid Shield, before it is asked."""

import click

from amparo.core.errors import Conflict
from amparo.core.settings import settings
from amparo.interfaces.cli.database import opened, operator, organisation_option
from amparo.interfaces.cli.options import FORMAT, announce, leave
from amparo.interfaces.cli.output import Format, printer

_CONTRACT = {"covers": 8, "reference": 40, "confirmed": 25, "by": 30}


@click.group("shield", short_help="Confirm the contract with a list elsewhere.")
def command() -> None:
    """Confirm that there is a contract with Project Arachnid Shield, and what it covers.

    Until then nothing goes there, whatever the settings say.

    \b
    Example:
      amparo shield confirm --sends pdq --reference "Contract 12 of 2026-03-01, in the safe"
      amparo shield show
    """


@command.command("confirm")
@click.option(
    "--sends", type=click.Choice(["pdq", "media"]), required=True,
    help="What the contract lets be sent: hashes of pictures, or whole files.",
)  # fmt: skip
@click.option("--reference", required=True, help="Which contract, so that somebody finds it later.")
@organisation_option
def confirm(sends: str, reference: str, organisation: str | None) -> None:
    """Put on record, in your name, that the contract is signed and has been read.

    \b
    Example:
      amparo shield confirm --sends pdq --reference "Contract 12 of 2026-03-01, in the safe"
    """
    from amparo.app.change_contracts import confirm_shield
    from amparo.core.clock import SystemClock

    with opened() as database:
        actor = operator(database, organisation)
        confirm_shield(database, actor, SystemClock(), covers=sends, reference=reference)
    announce("Confirmed; it is asked from the next upload on.")
    if settings().shield_sends != sends:
        announce(f"Here nothing is sent until AMPARO_SHIELD_SENDS is {sends!r} too.")
    leave(0)


@command.command("withdraw")
@organisation_option
def withdraw(organisation: str | None) -> None:
    """Take the confirmation back: nothing goes there from the next upload on.

    \b
    Example:
      amparo shield withdraw
    """
    from amparo.app.change_contracts import withdraw_shield
    from amparo.core.clock import SystemClock

    with opened() as database:
        withdraw_shield(database, operator(database, organisation), SystemClock())
    announce("Nothing goes there any more.")
    leave(0)


@command.command("show")
@FORMAT
@organisation_option
def show(form: str, organisation: str | None) -> None:
    """Print who confirmed which contract, and when.

    \b
    Example:
      amparo shield show --format table
    """
    from amparo.access.contracts import SHIELD, Contracts

    with opened() as database:
        actor = operator(database, organisation)
        with database.reading() as work:
            contract = Contracts(work).standing(actor.organisation_id, SHIELD)
    if contract is None:
        raise Conflict("No contract is confirmed; `amparo shield confirm` puts one on record.")
    show_row = printer(Format(form), _CONTRACT, lambda record: [record])
    show_row(
        {
            "covers": contract.covers,
            "reference": contract.reference,
            "confirmed": contract.confirmed_at.isoformat(timespec="seconds"),
            "by": contract.confirmed_by,
        }
    )
    leave(0)
