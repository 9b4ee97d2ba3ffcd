"""`amparo bulk problems`: every object of a catalogue that had a problem, by its name."""

import base64
from typing import TYPE_CHECKING

import click

from amparo.core.problems import ProblemCode
from amparo.interfaces.cli.options import FORMAT, leave
from amparo.interfaces.cli.output import Format, Record, printer

if TYPE_CHECKING:
    from amparo.detect.bulk.problems import ObjectProblem

_COLUMNS = ("key", "key_b64", "code", "message", "source")
_TABLE = {"code": 22, "source": 24, "key": 32, "message": 0}

ARE_FINE = frozenset(
    {
        ProblemCode.MEDIA_NOT_A_PICTURE.value,
        ProblemCode.MEDIA_UNKNOWN_KIND.value,
        ProblemCode.MEDIA_EMPTY.value,
        ProblemCode.MEDIA_NO_VIDEO.value,
    }
)
"""An archive holds other files too; all that they have is their digests."""


@click.command("problems")
@click.argument("catalogue")
@FORMAT
def problems(catalogue: str, form: str) -> None:
    """Name every object of CATALOGUE that had a problem when it was scanned last.

    \b
    Files that are neither pictures nor videos are named too, with what they are, and are nothing
    to worry about. Exit status: 0 none but those, 2 something could not be read, or not whole.

    \b
    Example:
      amparo bulk problems catalogue/ --format table
      amparo bulk problems s3://catalogues/2019 --format csv > problems.csv
    """
    from amparo.detect.bulk.catalogue import Catalogue
    from amparo.detect.bulk.each import check_parts
    from amparo.detect.bulk.place import place_of
    from amparo.detect.bulk.problems import problems_in

    check_parts()
    columns = _TABLE if form == Format.TABLE else dict.fromkeys(_COLUMNS, 0)
    opened = Catalogue.open(place_of(catalogue))
    show = printer(Format(form), columns, lambda record: [record])
    failed = False
    for found in problems_in(opened):
        show(_record(found))
        failed = failed or found.code not in ARE_FINE
    leave(2 if failed else 0)


def _record(found: "ObjectProblem") -> Record:
    return {
        "key": found.key,
        **bytes_of_key(bytes.fromhex(found.key_bytes)),
        "code": found.code,
        "message": found.message,
        "source": found.source,
    }


def bytes_of_key(raw: bytes) -> Record:
    """What is told of a key that is not UTF-8 beside it: nothing of others."""
    return {"key_b64": base64.b64encode(raw).decode("ascii")} if raw else {}
