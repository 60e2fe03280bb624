"""Rows of a log on a screen: one a line, or as many as a long line takes when it is wrapped."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from rich.cells import chop_cells

from fabwiz.console.log_model import LogModel

_TRIM = 20_000


def wrapped(text: str, width: int) -> Sequence[str]:
    """A text in pieces that fit into `width` cells each; at least one."""
    if len(text) <= width and text.isascii():
        return (text,)
    if text.isascii():
        return [text[at : at + width] for at in range(0, len(text), width)]
    return chop_cells(text, width) or (text,)


class LogRows:
    """Which line is on which row, counted from the first line that shows. Follows a model's `take` by `update`."""

    def __init__(self, model: LogModel) -> None:
        self.model = model
        self.first = self.end = 0
        """The numbers of the lines that have rows."""
        self._width = 0
        self._start = 0
        self._ends: list[int] = []
        """By line, from `_start` on: rows of all lines up to and with it, since they were first counted."""

    @property
    def width(self) -> int:
        """Cells that a row has; 0 where lines are not wrapped."""
        return self._width

    def reset(self, width: int = 0, limit: int | None = None) -> None:
        """Count anew: other lines show, or rows have another width (0: one row a line)."""
        self._width = width
        self.first = self._start = self.model.first
        self.end = self.first
        self._ends = []
        self.update(limit)

    def update(self, limit: int | None = None) -> int:
        """Follow the model, up to line `limit`; how many rows were lost at the front."""
        first = self.model.first
        end = max(first, self.model.end if limit is None else min(limit, self.model.end))
        lost = self._before(min(first, self.end)) - self._before(self.first) if self.end > self.first else 0
        if self._width:
            if first > self.end:  # everything that was counted is gone
                self._start, self._ends = first, []
            total = self._ends[-1] if self._ends else 0
            for line in self.model.lines(self._start + len(self._ends), end):
                total += len(wrapped(line.text, self._width))
                self._ends.append(total)
            if first - self._start > _TRIM:
                # one entry before the first line stays: it says how many rows came before
                del self._ends[: first - self._start - 1]
                self._start = first - 1
        self.first, self.end = first, end
        return lost

    def __len__(self) -> int:
        return self._before(self.end) - self._before(self.first)

    def at(self, row: int) -> tuple[int, int]:
        """The number of the line on a row, and which of its pieces it is. Raises IndexError below the last row."""
        if not 0 <= row < len(self):
            raise IndexError(row)
        if not self._width:
            return self.first + row, 0
        row += self._before(self.first)
        number = self._start + bisect_right(self._ends, row)
        return number, row - self._before(number)

    def row_of(self, number: int) -> int:
        """The first row of a line."""
        return self._before(number) - self._before(self.first)

    def _before(self, number: int) -> int:
        if not self._width:
            return number
        at = number - self._start
        return self._ends[min(at, len(self._ends)) - 1] if at > 0 and self._ends else 0
