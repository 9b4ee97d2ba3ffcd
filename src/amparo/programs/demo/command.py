"""`amparo demo`: build the copies, scan them, show what was found, and insist on it."""

import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import click

from amparo.interfaces.cli.options import PROCESSES, announce, leave
from amparo.interfaces.cli.prepare import prepared


@click.command("demo", short_help="See Amparo find altered copies of photographs.")
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="Leave the pictures and the list in this folder.",
)
@PROCESSES
def command(keep: Path | None, processes: int | None) -> None:
    """Find altered copies of known photographs and of a known clip among unrelated ones.

    \b
    The photographs are ordinary ones that ship inside Python packages; nothing is downloaded.
    Exit status: 0, or 1 where something was not found that must be.

    \b
    Example:
      amparo demo
      amparo demo --keep demo-files
    """
    settings = prepared(processes)
    from amparo.app.sandbox import open_sandbox

    with ExitStack() as stack:
        sandbox = stack.enter_context(open_sandbox(settings))
        from amparo.programs.demo.report import show
        from amparo.programs.demo.run import build, scan

        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        announce("Making copies of six photographs and a clip, altered in many ways …")
        exhibits = build(folder, sandbox, settings)
        announce(f"Scanning {len(exhibits.files) + len(exhibits.clips)} files …")
        started = time.perf_counter()
        results = scan(exhibits, sandbox, settings)
        seconds = time.perf_counter() - started
        faults = show(exhibits, results, seconds, kept=keep is not None, program=_program())
    leave(1 if faults else 0)


def _program() -> str:
    """How this command is called from where the user stands."""
    if shutil.which("amparo"):
        return "amparo"
    if Path(sys.argv[0]).name == "__main__.py":
        return "python -m amparo"
    try:
        return str(Path(sys.argv[0]).resolve().relative_to(Path.cwd()))
    except ValueError:
        return sys.argv[0]
