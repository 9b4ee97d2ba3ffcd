"""`amparo lists`, where a list itself is changed: its name, its share of uploads, its end."""

from typing import TYPE_CHECKING

import click

from amparo.interfaces.cli.database import opened, operator, organisation_option
from amparo.interfaces.cli.options import announce, leave

if TYPE_CHECKING:
    from collections.abc import Iterable

    from amparo.detect.lists.model import VideoRule


@click.command("rename")
@click.argument("name")
@click.argument("new_name")
@organisation_option
def rename(name: str, new_name: str, organisation: str | None) -> None:
    """Call the list NAME by NEW_NAME; what was decided keeps the old one.

    \b
    Example:
      amparo lists rename theirs hotline
    """
    from amparo.app.alter_lists import alter_list
    from amparo.core.clock import SystemClock

    with opened() as database:
        actor = operator(database, organisation)
        alter_list(database, name, actor, SystemClock(), new_name=new_name)
    announce(f"The list {name!r} is {new_name!r} now.")
    leave(0)


@click.command("share")
@click.argument("name")
@click.argument("share", type=click.FloatRange(0, 1))
@organisation_option
def share(name: str, share: float, organisation: str | None) -> None:
    """Have the list NAME count for a SHARE of uploads, 0 to 1: always the same for the same file.

    \b
    Example:
      amparo lists share theirs 0.1
    """
    from amparo.app.alter_lists import alter_list
    from amparo.core.clock import SystemClock

    with opened() as database:
        actor = operator(database, organisation)
        alter_list(database, name, actor, SystemClock(), share=share)
    announce(f"The list {name!r} counts for {share:.0%} of uploads.")
    leave(0)


def video_rules_of(
    _: click.Context, __: click.Parameter, given: tuple[str, ...]
) -> tuple[tuple[int, int], ...]:
    """What `--video-rule` and `lists video-rules` say."""
    rules = []
    for each in given:
        query, _sign, listed = each.partition(":")
        if not (query.isdecimal() and listed.isdecimal()):
            raise click.BadParameter(f"{each!r} is not like 80:0, percent of each side.")
        rules.append((int(query), int(listed)))
    return tuple(rules)


def rules_as_typed(rules: "Iterable[VideoRule]") -> list[str]:
    """The same again: `80:0`."""
    return [f"{each.query_percent}:{each.listed_percent}" for each in rules]


@click.command("video-rules")
@click.argument("name")
@click.argument(
    "rules", metavar="QUERY:LISTED…", nargs=-1, required=True, callback=video_rules_of
)  # fmt: skip
@organisation_option
def video_rules(name: str, rules: tuple[tuple[int, int], ...], organisation: str | None) -> None:
    """When a video matches one on the list NAME: where one of the rules holds.

    \b
    A rule says how many percent of the frames that are looked up must be in the listed video, and
    how many of that one's in what is looked up. 80:0 finds parts of it, 0:80 what holds it.

    \b
    Example:
      amparo lists video-rules known 80:0 0:80
    """
    from amparo.app.alter_lists import alter_list
    from amparo.core.clock import SystemClock
    from amparo.detect.lists.model import checked_video_rules

    checked = checked_video_rules(rules)
    with opened() as database:
        actor = operator(database, organisation)
        changed = alter_list(database, name, actor, SystemClock(), video_rules=checked)
    announce(f"{name}: videos match by {' or '.join(rules_as_typed(changed.video_rules))}.")
    leave(0)


@click.command("remove")
@click.argument("name")
@organisation_option
def remove(name: str, organisation: str | None) -> None:
    """Remove the list NAME: at once nothing matches it; what was decided keeps its name.

    \b
    Example:
      amparo lists remove theirs
    """
    from amparo.app.alter_lists import remove_list
    from amparo.core.clock import SystemClock

    with opened() as database:
        remove_list(database, name, operator(database, organisation), SystemClock())
    announce(f"Removed the list {name!r}.")
    leave(0)
