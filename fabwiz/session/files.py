"""Writing files that survive a crash and that nobody else can read."""

from __future__ import annotations

import glob
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_DIR = 0o700
PUBLIC_FILE = 0o644
_LONGEST = 200
"""Bytes of a name that its temporary file has, too: file systems take 255, and a random word is added."""


def write_atomic(path: Path, data: bytes | str, mode: int = PRIVATE_FILE, *, durable: bool = True) -> None:
    """Write a whole file so that it is there completely, or as it was before: never half.

    The data goes to a new file of the same folder, is synced to disk and renamed over `path`; the folder is
    synced too, so that the name survives a power cut; without `durable` nothing is synced, for what is thrown away
    soon. `mode` holds whatever the umask says. Text becomes UTF-8.
    The folder must exist (see `make_private_dir`). Raises OSError; nothing is left behind then.
    """
    content = data.encode() if isinstance(data, str) else data
    temporary = path.with_name(f".{_short(path.name)}.{secrets.token_hex(6)}.tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), mode)
            if durable:
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    if durable:
        sync_dir(path.parent)


def remove_leftovers(folder: Path, name: str | None = None, *, older_than: float = 0.0) -> None:
    """Remove what `write_atomic` left in a folder when its process was killed; of all files, or of the named one.

    Without `older_than` for what one process at a time writes: another's file that is just being written would go,
    too. With it, only what nobody has touched for so many seconds goes. Raises OSError.
    """
    of = "*" if name is None else glob.escape(_short(name))
    for path in folder.glob(f".{of}.{'[0-9a-f]' * 12}.tmp"):
        if not older_than or time.time() - path.stat().st_mtime > older_than:
            path.unlink(missing_ok=True)


def _short(name: str) -> str:
    return os.fsdecode(os.fsencode(name)[:_LONGEST])


def make_private_dir(path: Path) -> None:
    """Make a folder, with those above it that are missing, each 0700 whatever the umask.

    Folders that exist already are left as they are, except that `path` itself loses what others may do there.
    Raises OSError, NotADirectoryError among it.
    """
    missing: list[Path] = []
    folder = path
    while not folder.is_dir() and folder != folder.parent:
        missing.append(folder)
        folder = folder.parent
    for new in reversed(missing):
        new.mkdir(PRIVATE_DIR, exist_ok=True)
        new.chmod(PRIVATE_DIR)
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        path.chmod(mode & 0o700)


def sync_dir(path: Path) -> None:
    """Make names in a folder (new files, renames) durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
