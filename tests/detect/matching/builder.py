"""A program that opens a long list, and waits in the midst of building its index to be told."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from amparo.detect.matching.list_index import open_list

path, home = map(Path, sys.argv[1:3])
asked: list[float] = []


def advance(share: float) -> None:
    """Say that the build has begun, once, and go on when there is a line to read."""
    if not asked:
        asked.append(share)
        print("building", flush=True)
        sys.stdin.readline()


def announce(words: str) -> None:
    print(words, flush=True)


opened = open_list(
    path, home, datetime.now(UTC), algorithm=None, advance=advance, announce=announce
)
print(f"{len(opened)} signals", flush=True)
