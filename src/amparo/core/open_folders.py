"""Folders in which others may put a file in another's place."""

import stat
from pathlib import Path

OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def open_folders(file: Path) -> tuple[Path, ...]:
    """Those through which others may put another file in the place of this one, a link's too.

    Raises OSError where one of them cannot be looked at.
    """
    parents = dict.fromkeys((file.absolute().parent, file.resolve().parent))
    found = (_open_folder(each) for each in parents)
    return tuple(each for each in found if each is not None)


def _open_folder(folder: Path) -> Path | None:
    """The folder, or one above it, in which others may replace what is not theirs."""
    if folder.stat().st_mode & OTHERS_WRITE:
        return folder
    for above in folder.parents:
        mode = above.stat().st_mode
        if mode & OTHERS_WRITE and not mode & stat.S_ISVTX:
            return above
    return None
