"""What the commands share: options, the end of a run, the words before one."""

import sys
from pathlib import Path

import click

from amparo.core.errors import Invalid, NotFound
from amparo.interfaces.cli.output import Format, finish

PATHS = click.argument(
    "paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=str)
)

FORMAT = click.option(
    "--format",
    "form",
    type=click.Choice([each.value for each in Format]),
    default=Format.JSONL.value,
    show_default=True,
    help="How results are printed.",
)

PDQ_INPUT = click.option(
    "--pdq-input",
    type=click.Choice(["seen", "scaled", "compat"]),
    default="seen",
    show_default=True,
    help="Pixels for PDQ: as a person sees them; the same from a JPEG decoded smaller (faster, "
    "a few bits off); or raw channel values as python-threatexchange takes them.",
)

ALGORITHM = click.option(
    "--algorithm",
    metavar="NAME",
    help="What bare hashes in a list are, where their length does not tell: pdq, md5, sha1, sha256 "
    "or a plugged-in type.",
)

PROCESSES = click.option(
    "--processes",
    type=click.IntRange(min=1),
    default=None,
    help="Sandboxed processes; one a processor unless said otherwise.",
)


def text_of(file: Path) -> str:
    """What is in a file that an operator names. Raises NotFound, Invalid."""
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {str(file)!r}.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{file} cannot be read as UTF-8 text.") from error


def announce(message: str) -> None:
    """Tell the person who waits; results are not mixed with it."""
    click.echo(message, err=True)


def leave(status: int) -> None:
    """End with `status` after everything printed has reached its reader."""
    finish()
    sys.exit(status)
