"""Folders that a command needs for a while: each is locked as long as its process lives, and what a killed one left
behind, keys among it, is removed by the next command."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = ".dry-run-"
_TRIES = 20


@contextmanager
def scratch_folder(place: Path | None) -> Iterator[Path]:
    """A new folder, 0700, in `place` (`None`: where the system has temporary files); gone at the end.

    Raises OSError where it cannot be made.
    """
    folder, lock = _made(place)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def clear_scratch(place: Path) -> None:
    """Remove such folders of this user in `place` whose processes have ended without doing so. Never raises OSError."""
    for folder in sorted(place.glob(f"{_PREFIX}*")):
        with suppress(OSError):
            status = folder.lstat()
            if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
                continue
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # BlockingIOError: it is in use
                shutil.rmtree(folder)
            finally:
                os.close(lock)


def _made(place: Path | None) -> tuple[Path, int]:
    """A folder, and the descriptor that holds its lock."""
    for _ in range(_TRIES):
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
        # another command that clears up may be quicker than this lock: then a new folder is made
        with suppress(FileNotFoundError):
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            with suppress(OSError):  # a file system without locks: nobody else gets one there either
                fcntl.flock(lock, fcntl.LOCK_EX)
            if folder.exists():
                return folder, lock
            os.close(lock)
    raise FileExistsError(f"{place}: folders vanish there as soon as they are made")
