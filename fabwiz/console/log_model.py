"""The log of a run for a reader: a ring of its last lines, which of them show, and where something stands.

Lines that show have numbers that never change: the first that still shows is `first`, behind the last is `end`.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from fabwiz.console.log_lines import Level, LogLine, lines_of
from fabwiz.deploy.events import Event

MOST_LINES = 200_000
MOST_BYTES = 120 << 20
"""Of texts; with what each line takes beside its text, the whole stays below 200 MB."""
_LINE_BYTES = sys.getsizeof("") + 24
"""Of a line's time, on top of its text."""


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which lines show. `None`: of all hosts, or nodes; an empty name is the workstation, or the engine itself."""

    host: str | None = None
    node: str | None = None
    level: Level = Level.DEBUG

    def shows(self, line: LogLine) -> bool:
        """Whether it does."""
        return (
            line.level >= self.level
            and (self.host is None or line.host == self.host)
            and (self.node is None or line.node == self.node)
        )

    @property
    def is_open(self) -> bool:
        """Whether everything shows."""
        return self.host is None and self.node is None and self.level == Level.DEBUG

    def __str__(self) -> str:
        parts = [
            f"host {self.host or 'workstation'}" if self.host is not None else "",
            f"node {self.node}" if self.node else "the engine" if self.node is not None else "",
            f"{self.level.name.lower()} and above" if self.level > Level.DEBUG else "",
        ]
        return ", ".join(filter(None, parts)) or "everything"


class LogModel:
    """`add` may be called from any thread; everything else belongs to the reader's thread."""

    def __init__(self, most_lines: int = MOST_LINES, most_bytes: int = MOST_BYTES) -> None:
        self._most_lines, self._most_bytes = most_lines, most_bytes
        self._inbox: deque[LogLine] = deque(maxlen=most_lines)
        self._ring: list[LogLine | None] = [None] * most_lines
        self._oldest = self._newest = 0
        self._bytes = 0
        self._filter = LogFilter()
        self._index: list[int] = []
        """Where the lines that show stand in the ring's numbering, unless all do; the first `_gone` are dropped."""
        self._gone = 0
        self._trimmed = 0
        """Entries that were cut off the index's front."""
        self.hosts: dict[str, None] = {}
        """Names that occurred, in the order in which they did."""
        self.nodes: dict[str, None] = {}

    # -- filling -------------------------------------------------------------------------------------------------

    def add(self, event: Event) -> None:
        """Take an event; its lines show after the next `take`."""
        self._inbox.extend(lines_of(event))

    @property
    def waiting(self) -> int:
        """Lines that were added and do not show yet."""
        return len(self._inbox)

    def take(self, most: int = 2000) -> int:
        """Let up to `most` added lines into the log; how many there were. Old ones make room."""
        taken = 0
        inbox = self._inbox
        while taken < most:
            try:
                line = inbox.popleft()
            except IndexError:
                break
            taken += 1
            self._append(line)
        return taken

    def _append(self, line: LogLine) -> None:
        size = sys.getsizeof(line.text)
        while self._newest - self._oldest >= self._most_lines or (
            self._bytes + size > self._most_bytes and self._oldest < self._newest
        ):
            self._drop()
        self._ring[self._newest % self._most_lines] = line
        self._bytes += size
        if not self._filter.is_open and self._filter.shows(line):
            self._index.append(self._newest)
        self._newest += 1
        self.hosts.setdefault(line.host)
        self.nodes.setdefault(line.node)

    def _drop(self) -> None:
        at = self._oldest % self._most_lines
        line = self._ring[at]
        assert line
        self._ring[at] = None
        self._bytes -= sys.getsizeof(line.text)
        if self._gone < len(self._index) and self._index[self._gone] == self._oldest:
            self._gone += 1
            if self._gone > 10_000:
                del self._index[: self._gone]
                self._trimmed += self._gone
                self._gone = 0
        self._oldest += 1

    # -- reading -------------------------------------------------------------------------------------------------

    @property
    def first(self) -> int:
        """Number of the first line that shows."""
        return self._oldest if self._filter.is_open else self._trimmed + self._gone

    @property
    def end(self) -> int:
        """One more than the number of the last line that shows."""
        return self._newest if self._filter.is_open else self._trimmed + len(self._index)

    def line(self, number: int) -> LogLine:
        """A line that shows. Raises IndexError for a number outside `first` to `end`."""
        if not self.first <= number < self.end:
            raise IndexError(number)
        return self._at(number)

    def _at(self, number: int) -> LogLine:
        at = number if self._filter.is_open else self._index[number - self._trimmed]
        line = self._ring[at % self._most_lines]
        assert line
        return line

    def lines(self, begin: int, end: int) -> Iterator[LogLine]:
        """Those that show, from `begin` up to, without, `end`."""
        return (self.line(number) for number in range(max(begin, self.first), min(end, self.end)))

    # -- filtering -----------------------------------------------------------------------------------------------

    @property
    def filter(self) -> LogFilter:
        """Which lines show."""
        return self._filter

    def show_only(self, wanted: LogFilter, near: int | None = None) -> int | None:
        """Show other lines. Numbers are others then: returns the new one of line `near`, or of the next that shows."""
        at = None
        if near is not None and self.first <= near < self.end:
            at = near if self._filter.is_open else self._index[near - self._trimmed]
        self._filter = wanted
        self._gone = self._trimmed = 0
        self._index = [] if wanted.is_open else [n for n, line in self._numbered() if wanted.shows(line)]
        if at is None or wanted.is_open:
            return at
        found = bisect_left(self._index, at)
        return found if found < len(self._index) else (len(self._index) - 1 if self._index else None)

    def _numbered(self) -> Iterator[tuple[int, LogLine]]:
        for number in range(self._oldest, self._newest):
            line = self._ring[number % self._most_lines]
            assert line
            yield number, line

    # -- finding -------------------------------------------------------------------------------------------------

    def find(self, text: str, start: int, forward: bool = True) -> int | None:
        """The next line that shows and has `text` (in capitals or not), from `start` on; then from the other end."""
        if not text:
            return None
        pattern = re.compile(re.escape(text), re.IGNORECASE)
        return self._next(lambda line: bool(pattern.search(line.text) or pattern.search(line.node)), start, forward)

    def next_error(self, start: int, forward: bool = True) -> int | None:
        """The next error that shows, from `start` on; then from the other end."""
        return self._next(lambda line: line.level >= Level.ERROR, start, forward)

    def _next(self, wanted: Callable[[LogLine], bool], start: int, forward: bool) -> int | None:
        first, end = self.first, self.end
        start = min(max(start, first), end)
        ranges = (
            (range(start, end), range(first, start))
            if forward
            else (range(min(start, end - 1), first - 1, -1), range(end - 1, min(start, end - 1), -1))
        )
        for numbers in ranges:
            for number in numbers:
                if wanted(self._at(number)):
                    return number
        return None
