"""Ending what a rehearsal started, and nothing else: processes are found by their session."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path


def session_members(session: int) -> list[int]:
    """Process ids of a session (`ps -s`), read from /proc."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError, IndexError, ValueError):
            # pid (comm) state ppid pgrp session ...; comm may hold anything, parentheses among it
            if int((entry / "stat").read_text().rpartition(")")[2].split()[3]) == session:
                found.append(int(entry.name))
    return found


def kill_session_of(leader: int, spare: int | None = None) -> None:
    """Kill every process of the session that `leader` leads, `spare` excepted."""
    for pid in session_members(leader):
        if pid != spare:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
