"""Feeding a command piece by piece while listening to what it answers: for what is too large to hold in memory."""

from __future__ import annotations

import secrets as tokens
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from fabwiz.remote.connection import TimedOut
from fabwiz.remote.process import Running, end
from fabwiz.remote.quote import Elevation, supervised
from fabwiz.remote.sanitize import Lines

if TYPE_CHECKING:
    from fabwiz.remote.shell import ShellConnection

_START_TIMEOUT = 30.0
_LINGER = 1.0


class Feed(Protocol):
    """What a command is given, and what becomes of its answers. Called in one thread."""

    def give(self) -> bytes | None:
        """The next bytes of its standard input; empty if there are none just now, None if no more will come."""

    def heard(self, line: str) -> None:
        """A line of either of its streams, free of control sequences."""

    def patience(self) -> float:
        """Seconds without any progress, in either direction, after which it is given up."""

    def last_seen(self) -> str:
        """Where it stood, in words, for the message that it was given up."""


def feed(
    connection: ShellConnection, argv: Sequence[str], source: Feed, stop: threading.Event, root: bool
) -> int | None:
    """Run a command with `source`; see `Connection.feed`."""
    from fabwiz.remote.shell import OverflowingError, Preface, preamble

    elevation, password = connection.rights() if root else (Elevation.PLAIN, None)
    marker = tokens.token_hex(12)
    line = supervised(argv, marker=marker, input_size=None, elevation=elevation)
    streams = (Preface(marker, 1 << 20), Lines()), (Preface(marker, 1 << 20), Lines())

    def deliver(*pieces: bytes) -> None:
        for data, (preface, lines) in zip(pieces, streams, strict=True):
            for text in lines.feed(preface.feed(data)) if data else ():
                source.heard(text)

    def not_started(code: int) -> Exception:
        return connection.not_started(argv, elevation, code, streams[0][0], streams[1][0])

    with connection.start(line, _START_TIMEOUT) as running:
        try:
            code = _drive(connection, running, preamble(password, marker), source, deliver, stop)
        except OverflowingError:
            end(running)
            raise not_started(-1) from None
        except BaseException:
            end(running)
            raise
        if code is None:
            end(running)
        elif not streams[0][0].passed:
            raise not_started(code)
    for _, lines in streams:
        for text in lines.flush():
            source.heard(text)
    return code


class _Deliver(Protocol):
    def __call__(self, *pieces: bytes) -> None: ...


def _drive(
    connection: ShellConnection,
    running: Running,
    pending: bytes,
    source: Feed,
    deliver: _Deliver,
    stop: threading.Event,
) -> int | None:
    position, more = 0, True
    moved = time.monotonic()
    while not stop.is_set():
        now = time.monotonic()
        ended = running.exit_code is not None
        out, err = running.read()
        if out or err:
            deliver(out, err)
            moved = now
        elif running.lost:
            raise connection.lost()
        elif ended and (running.drained or now - moved > _LINGER):
            return running.exit_code
        if position >= len(pending) and more:
            given = source.give()
            pending, position, more = given or b"", 0, given is not None
        taken = 0
        if position < len(pending):
            try:
                taken = running.send(pending[position : position + 32768])
            except OSError:
                pending, more = b"", False  # it ended or closed its input: its exit code tells
            position += taken
        if taken:
            moved = now
        elif now - moved > source.patience():
            raise TimedOut(
                connection.host.name,
                f"no progress for {now - moved:.0f} s; {source.last_seen()}",
                "look at the line to that host, and at its disk",
            )
        elif not (out or err):
            running.wait(0.002 if position < len(pending) else 0.05)
    return None
