"""The command `amparo`: finds the subcommand, loads that one alone, puts its errors in words."""

import io
import os
import signal
import sys
import traceback
from contextlib import suppress
from importlib import import_module
from types import FrameType

import click

from amparo import __version__
from amparo.core.errors import AmparoError
from amparo.interfaces.cli.output import ReaderGone

_COMMANDS = {
    "demo": ("amparo.programs.demo.command", "See Amparo find altered copies of photographs."),
    "doctor": ("amparo.interfaces.cli.doctor", "Check that everything works on this machine."),
    "hash": ("amparo.interfaces.cli.hash", "Hash pictures and videos; digests of all files."),
    "scan": ("amparo.interfaces.cli.scan", "Hold files against a list of known hashes."),
    "bulk": ("amparo.interfaces.cli.bulk", "Scan archives; look back with new signals."),
    "serve": ("amparo.programs.serve.command", "Serve the API: uploads in, decisions out."),
    "api": ("amparo.programs.api.command", "Serve the API on a further host."),
    "worker": ("amparo.programs.worker.command", "See to deliveries on a further host."),
    "lists": ("amparo.interfaces.cli.lists", "Make, fill, show and export lists."),
    "organisations": ("amparo.interfaces.cli.organisations", "Make and show organisations."),
    "people": ("amparo.interfaces.cli.people", "Invite, show and remove people."),
    "keys": ("amparo.interfaces.cli.keys", "Make, show and take back service keys."),
    "webhooks": ("amparo.interfaces.cli.webhooks", "Have a platform told what happens."),
    "notices": ("amparo.interfaces.cli.notices", "Show and answer what people told."),
    "policy": ("amparo.interfaces.cli.policy", "Check a policy, and have it hold."),
    "jurisdiction": ("amparo.interfaces.cli.jurisdiction", "Record what counsel has signed off."),
    "shield": ("amparo.interfaces.cli.shield", "Confirm the contract with a list elsewhere."),
    "audit": ("amparo.interfaces.cli.audit", "Verify the audit trail."),
    "prepare": ("amparo.interfaces.cli.first_start", "Make keys and kernels before a start."),
    "backup": ("amparo.interfaces.cli.backup", "Take along all that this installation knows."),
    "restore": ("amparo.interfaces.cli.restore", "Put a backup in the database's place."),
    "db": ("amparo.interfaces.cli.db", "Bring the database to this version's tables."),
    "index": ("amparo.interfaces.cli.index", "Look at the indexes of long lists."),
}

INTERRUPTED = 130
FAILED = 2


class _Commands(click.Group):
    """Loads a subcommand when it is asked for, so that `--help` needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        command = import_module(_COMMANDS[cmd_name][0]).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="amparo")
def command() -> None:
    """Amparo keeps known child sexual abuse material off a platform.

    \b
    Example:
      amparo demo
      amparo hash known/ > known.jsonl
      amparo scan uploads/ --against known.jsonl
    """


def main() -> None:
    """Run the command line."""
    try:
        _run()
    except SystemExit as ended:
        if "daft" in sys.modules:
            _leave_at_once(ended.code)
        raise


def _leave_at_once(code: object) -> None:
    """Leave without taking Python down: Daft's threads may call it still, which aborts it."""
    if (ray := sys.modules.get("ray")) is not None:
        ray.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    os._exit(code if isinstance(code, int) else 0 if code is None else FAILED)


def _run() -> None:
    """Run it, and end by SystemExit whatever happens."""
    _open_standard_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Where a terminal's letters do not suffice for a name, it is shown in escapes.
        sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _terminate)
    try:
        command.main(standalone_mode=False)
    except click.exceptions.Exit as ended:
        sys.exit(ended.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        _end(INTERRUPTED)
    except ReaderGone:
        _end(128 + signal.SIGPIPE)
    except AmparoError as error:
        click.echo(f"amparo: {error.message}", err=True)
        _end(FAILED)
    except OSError as error:
        click.echo(f"amparo: {error}", err=True)
        _end(FAILED)
    except Exception:  # noqa: BLE001 (left alone it would end with 1, which means a match)
        traceback.print_exc()
        _end(FAILED)


def _open_standard_streams() -> None:
    """Fill the numbers 0 to 2: a file that took one of them would be used as a stream."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)
    if sys.stdout is None:
        click.echo("amparo: Standard output is closed; send it to a file.", err=True)
        sys.exit(2)


def _terminate(number: int, _: FrameType | None) -> None:
    """End as after an error, so that processes and temporary files go too."""
    raise SystemExit(128 + number)


def _end(status: int) -> None:
    """Leave without a traceback, with only whole lines written."""
    try:
        sys.stdout.flush()
    except OSError:
        # Python would try once more on its way out, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)
