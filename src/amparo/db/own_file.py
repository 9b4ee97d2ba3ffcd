"""Make a file for SQLite that its owner alone may read."""

import os
import threading
from pathlib import Path

_MAKING = threading.Lock()


def make_own_file(path: Path) -> None:
    """Make the file where there is none; one that is there is not even opened. Raises OSError.

    A process that closes a file lets go of all its locks on it, whoever in the process took them
    (fcntl(2)). A database whose locks are gone looks like one that nobody uses: the next process
    that closes it takes its log away, and what is written after that is lost.
    """
    with _MAKING:  # nobody else of this process has opened it between its making and its closing
        try:
            made = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            return
        os.close(made)
