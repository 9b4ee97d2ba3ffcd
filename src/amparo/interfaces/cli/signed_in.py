"""Somebody who proves at a shell who they are, where a command takes a person."""

from typing import TYPE_CHECKING

import click

from amparo.core.errors import Denied
from amparo.core.settings import settings

if TYPE_CHECKING:
    from amparo.access.model import Actor
    from amparo.db import Database

_SHELL = "a shell"
"""Where attempts come from; they are counted together."""


def signed_in(database: "Database", email: str, operator: "Actor") -> "Actor":
    """The person, who is asked for password and code. Raises Denied, Unavailable."""
    from amparo.access.keys import require
    from amparo.access.model import Scope
    from amparo.access.people.model import Given
    from amparo.access.people.secrets import access_key
    from amparo.access.people.sign_in import prove
    from amparo.core.clock import SystemClock

    password = click.prompt("Password", hide_input=True, err=True)
    code = click.prompt("Code", err=True)
    actor = prove(
        database, Given(email, password, code, _SHELL), access_key(settings().access_key),
        SystemClock(), action="people.prove", then=lambda _, person, __: person.actor,
    )  # fmt: skip
    if actor.organisation_id != operator.organisation_id:
        raise Denied("That person belongs to another organisation: say --organisation.")
    require(actor, Scope.LISTS_WRITE)
    return actor
