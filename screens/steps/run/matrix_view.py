"""Draws phases by hosts; where hosts do not fit side by side, how many are how far."""

from __future__ import annotations

from typing import Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from fabwiz.console.matrix import WORKSTATION, Cell, Mark, Matrix
from screens.marks import cut, marks

_PHASE = 11
_TOTAL = 8
_LEAST = 7
_HERE = 10
_MOST = 16


class MatrixView(ScrollView, can_focus=True):
    """A row a phase; a column for the phase as a whole, one for this workstation, and one a host."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "matrix--head",
        "matrix--here",
        "matrix--open",
        "matrix--running",
        "matrix--done",
        "matrix--same",
        "matrix--failed",
        "matrix--passed",
    }
    hint = "phases by hosts: how far each is, and how long it took; = means that everything was there already"

    def __init__(self, matrix: Matrix, **options: Any) -> None:
        super().__init__(**options)
        self._matrix = matrix
        self._at = ""

    @property
    def matrix(self) -> Matrix:
        """What is drawn."""
        return self._matrix

    def watch_run(self, matrix: Matrix) -> None:
        """Draw another run."""
        self._matrix, self._at = matrix, ""
        self.on_resize()
        self.redraw()

    def redraw(self) -> None:
        """Draw what is new, with the phase that runs in sight."""
        current = self._matrix.current or ""
        if current != self._at:
            self._at = current
            row = self._matrix.phases.index(current) if current else 0
            height = self.scrollable_content_region.height - 1
            self.scroll_to(y=max(0, row - height + 2), animate=False)
        self.refresh()

    def on_resize(self) -> None:
        """As many rows as phases; the head stays."""
        self.virtual_size = Size(self.size.width, len(self._matrix.phases) + 1)

    def render_line(self, y: int) -> Strip:
        """The head, or a phase."""
        width = self.scrollable_content_region.width
        base = self.rich_style
        column = self._column(width)
        if y == 0:
            segments = self._head(base + self._style("head"), column)
        else:
            row = self.scroll_offset.y + y - 1
            if row >= len(self._matrix.phases):
                return Strip.blank(width, base)
            segments = self._row(self._matrix.phases[row], base, column)
        return Strip(segments).adjust_cell_length(width, base)

    def _column(self, width: int) -> int:
        """Cells for a host; 0 where hosts do not fit side by side."""
        hosts = self._matrix.hosts
        longest = max([len(host) for host in hosts[1:]] + [len("here")])
        room = (width - _PHASE - _TOTAL) // len(hosts)
        return min(max(longest + 1, _LEAST), _MOST, room) if room >= _LEAST else 0

    def _head(self, style: Style, column: int) -> list[Segment]:
        names = ["phase".ljust(_PHASE), "all".ljust(_TOTAL)]
        if column:
            names += [cut(host or "here", column - 1).ljust(column) for host in self._matrix.hosts]
        else:
            names.append(f"{len(self._matrix.hosts) - 1} hosts")
        return [Segment("".join(names), style)]

    def _row(self, phase: str, base: Style, column: int) -> list[Segment]:
        matrix = self._matrix
        total = matrix.total(phase)
        here = base + self._style("here") if phase == matrix.current and total.mark is Mark.RUNNING else base
        segments = [Segment(phase.ljust(_PHASE), here), *self._cell(total, _TOTAL, base)]
        if column:
            for host in matrix.hosts:
                segments += self._cell(matrix.cell(phase, host), column, base)
        elif total.mark is not Mark.OPEN:
            segments += self._counts(phase, base)
        return segments

    def _cell(self, cell: Cell, width: int, base: Style) -> list[Segment]:
        sign = SIGNS[cell.mark]
        seconds = cell.seconds(self._matrix.now())
        text = getattr(marks(), sign) if sign.isalpha() else sign
        if seconds is not None:
            text += f" {duration(seconds)}"
        return [Segment(cut(text, width - 1).ljust(width), base + self._style(_NAMES[cell.mark]))]

    def _counts(self, phase: str, base: Style) -> list[Segment]:
        counts = self._matrix.counts(phase)
        workstation = self._matrix.cell(phase, WORKSTATION)
        segments = []
        if workstation.mark is not Mark.OPEN:
            segments += [Segment("here ", base), *self._cell(workstation, _HERE, base)]
        said = [
            (Mark.DONE, f"{counts[Mark.DONE] + counts[Mark.SAME]} done"),
            (Mark.RUNNING, f"{counts[Mark.RUNNING]} running"),
            (Mark.PASSED, f"{counts[Mark.PASSED]} passed over"),
            (Mark.FAILED, f"{counts[Mark.FAILED]} failed: {', '.join(self._matrix.named(phase, Mark.FAILED)[:20])}"),
        ]
        shown = [(mark, text) for mark, text in said if not text.startswith("0 ")]
        for number, (mark, text) in enumerate(shown):
            segments.append(Segment((", " if number else "") + text, base + self._style(_NAMES[mark])))
        return segments

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"matrix--{name}")


SIGNS = {
    Mark.OPEN: "open",
    Mark.RUNNING: "here",
    Mark.DONE: "done",
    Mark.SAME: "=",
    Mark.FAILED: "error",
    Mark.PASSED: "-",
}
"""Names of `screens.marks`, or signs that every terminal has."""
_NAMES = {
    Mark.OPEN: "open",
    Mark.RUNNING: "running",
    Mark.DONE: "done",
    Mark.SAME: "same",
    Mark.FAILED: "failed",
    Mark.PASSED: "passed",
}


def duration(seconds: float) -> str:
    """`0.4s`, `12s`, `3m05s`, `1h02m`: at most six characters."""
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    if seconds < 99.5:
        return f"{seconds:.0f}s"
    minutes = int(seconds) // 60
    return f"{minutes}m{int(seconds) % 60:02}s" if minutes < 60 else f"{minutes // 60}h{minutes % 60:02}m"
