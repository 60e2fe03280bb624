"""Driving a command that runs somewhere: feed it, read both its streams while waiting, stop it, never hang.

Nothing here knows SSH: `Running` is what a started command looks like, whether behind a channel or on this machine.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

STOP_GRACE = 4.0
"""Seconds that a stopped command gets to go: it is asked to end, and after 2 s made to (see `quote`)."""

_LINGER = 1.0
"""Seconds without output after which an ended command counts as finished, though something it left behind in the
background still holds its streams."""


class Running(Protocol):
    """A command that was started. Used by one thread at a time; nothing but `wait` blocks."""

    def send(self, data: bytes) -> int:
        """Give it input; returns the bytes taken, 0 if it takes none now. Raises OSError if it takes no more ever."""

    def end_input(self) -> None:
        """End its standard input, which also stops it if it runs supervised."""

    def read(self) -> tuple[bytes, bytes]:
        """What it has printed on standard output and standard error; empty if nothing is there now."""

    def wait(self, seconds: float) -> None:
        """Until there may be something to read, or it may have ended, or the time is over."""

    @property
    def drained(self) -> bool:
        """Whether both streams have ended."""

    @property
    def exit_code(self) -> int | None:
        """Its exit code, -1 if it has none; None while it runs."""

    @property
    def lost(self) -> bool:
        """Whether the way to it broke: nothing more will be heard of it."""

    def close(self) -> None:
        """Let go of it."""


class LostError(Exception):
    """The way to the command broke."""


class OverdueError(Exception):
    """The command took longer than its time limit."""


Deliver = Callable[[bytes, bytes], None]
"""Takes pieces of standard output and standard error."""


def drive(
    running: Running,
    to_send: bytes,
    deliver: Deliver,
    *,
    deadline: float | None = None,
    stop: threading.Event | None = None,
) -> int | None:
    """Run a command to its end; returns its exit code, or None when `stop` was set.

    `deadline` is a time of `time.monotonic`. Raises OverdueError, LostError, and what `deliver` raises; the command
    may then still run: see `end`.
    """
    position = 0
    last_heard = time.monotonic()
    while True:
        now = time.monotonic()
        if stop is not None and stop.is_set():
            return None
        if deadline is not None and now >= deadline:
            raise OverdueError
        ended = running.exit_code is not None
        out, err = running.read()
        if out or err:
            deliver(out, err)
            last_heard = now
        elif ended and (running.drained or now - last_heard > _LINGER):
            if running.lost:
                raise LostError
            return running.exit_code
        elif running.lost:
            raise LostError
        if position < len(to_send):
            try:
                position += running.send(to_send[position : position + 32768])
            except OSError:
                position = len(to_send)  # it ended or closed its input: its exit code tells
        if not (out or err):
            pause = 0.01 if position < len(to_send) else 0.2
            running.wait(pause if deadline is None else min(pause, max(deadline - now, 0.001)))


def end(running: Running) -> bool:
    """Stop a supervised command and wait until it is gone; what it still prints is dropped. Returns whether it is."""
    running.end_input()
    try:
        drive(running, b"", lambda _out, _err: None, deadline=time.monotonic() + STOP_GRACE)
    except (OverdueError, LostError):
        return False
    return True
