"""One run at a time on a workspace."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fabwiz.deploy.errors import Locked
from fabwiz.session.files import make_private_dir


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock at `path`, which the kernel takes back from a run that dies.

    Its folder is made. Raises Locked, naming the process that holds it, and OSError where it cannot be made.
    """
    make_private_dir(path.parent)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 64, 0).decode(errors="replace").strip() or "another process"
            raise Locked(f"{path}: {holder} works on this session; wait for it, or end it, and run again") from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
