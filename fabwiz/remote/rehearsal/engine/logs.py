"""A container's log: lines with the time at which they came, kept in a file, read while it grows."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from fabwiz.remote.rehearsal.engine import clock


class Line(NamedTuple):
    """One line, without its end."""

    time: int
    """Nanoseconds since 1970; no two lines of a container share one."""
    stream: str
    text: str


class ContainerLog:
    """Append-only; safe for several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._grown = threading.Condition()
        self._last = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("a", encoding="utf-8")

    def write(self, text: str, stream: str = "stderr") -> None:
        """Append lines; Fabric's nodes log to standard error."""
        with self._grown:
            if self._file.closed:
                return
            for line in text.split("\n"):
                self._last = max(clock.now(), self._last + 1)
                json.dump([self._last, stream, line], self._file)
                self._file.write("\n")
            self._file.flush()
            self._grown.notify_all()

    def read(self, since: int = 0, tail: int | None = None) -> list[Line]:
        """What there is, from `since` on, the last `tail` lines of it."""
        lines = [line for line in self._lines(lambda: False) if line.time >= since]
        return lines if tail is None else lines[len(lines) - min(tail, len(lines)) :]

    def follow(self, since: int, go_on: Callable[[], bool]) -> Iterator[Line]:
        """Lines from `since` on as they come, until `go_on()` says no and the end is reached."""
        return (line for line in self._lines(go_on) if line.time >= since)

    def _lines(self, go_on: Callable[[], bool]) -> Iterator[Line]:
        if not self._path.exists():
            return
        with self._path.open(encoding="utf-8") as file:
            while True:
                more = go_on()
                text = file.readline()
                if text:
                    yield Line(*json.loads(text))
                elif not more:
                    return
                else:
                    with self._grown:
                        if self._path.stat().st_size <= file.tell():
                            self._grown.wait(0.25)

    def wake(self) -> None:
        """Let followers look again."""
        with self._grown:
            self._grown.notify_all()

    def close(self) -> None:
        """Write no more."""
        with self._grown:
            self._file.close()
            self._grown.notify_all()
