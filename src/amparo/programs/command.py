"""The command `amparo`: finds the subcommand, loads that one alone, puts its errors in words."""

import sys
from importlib import import_module

import click

from amparo import __version__
from amparo.core.errors import AmparoError

_COMMANDS = {
    "demo": ("amparo.programs.demo.command", "See Amparo find altered copies of photographs."),
    "doctor": ("amparo.interfaces.cli.doctor", "Check that everything works on this machine."),
    "hash": ("amparo.interfaces.cli.hash", "Hash files: PDQ of pictures, digests of all."),
    "scan": ("amparo.interfaces.cli.scan", "Hold files against a list of known hashes."),
}

INTERRUPTED = 130


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
        command.main(standalone_mode=False)
    except click.exceptions.Exit as ended:
        sys.exit(ended.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        _end_quietly(INTERRUPTED)
    except AmparoError as error:
        click.echo(f"amparo: {error.message}", err=True)
        sys.exit(2)
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        _end_quietly(0)


def _end_quietly(status: int) -> None:
    """Leave without a traceback, with only whole lines written."""
    import os

    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)
