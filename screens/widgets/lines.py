"""Many lines of text to read, of which only those in sight are drawn."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

Line = Sequence[tuple[str, str]]
"""Pieces of text, each with its look: `head`, `good`, `warn`, `bad`, `dim`, or nothing."""


class Lines(ScrollView, can_focus=True):
    """Scrolls up and down; what is too long is wrapped."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"lines--head", "lines--good", "lines--warn", "lines--bad", "lines--dim"}

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._lines: list[Line] = []
        self._rows: list[Line] = []

    def tell(self, lines: Sequence[Line]) -> None:
        """Show other lines."""
        self._lines = list(lines)
        self.on_resize()
        self.refresh()

    def on_resize(self) -> None:
        """Long lines take several rows."""
        width = self.scrollable_content_region.width
        self._rows = [row for line in self._lines for row in wrapped(line, width)] if width > 0 else []
        self.virtual_size = Size(self.size.width, len(self._rows))

    def render_line(self, y: int) -> Strip:
        """One line, cut at the edge."""
        width = self.scrollable_content_region.width
        row = self.scroll_offset.y + y
        base = self.rich_style
        if row >= len(self._rows):
            return Strip.blank(width, base)
        segments = [
            Segment(text, base + self.get_component_rich_style(f"lines--{look}") if look else base)
            for text, look in self._rows[row]
        ]
        return Strip(segments).adjust_cell_length(width, base)


def wrapped(line: Line, width: int, indent: int = 6) -> list[Line]:
    """A line in rows of at most `width` cells, between words where that is possible; all but the first indented."""
    if sum(cell_len(text) for text, _ in line) <= width:
        return [line]
    indent = min(indent, width // 2)
    rows: list[Line] = []
    row: list[tuple[str, str]] = []
    room, is_begun = width, False
    for text, look in line:
        for found in _WORDS.findall(text):
            word = str(found)
            if is_begun and cell_len(word) > room:
                rows.append(row)
                row, room, is_begun, word = [(" " * indent, "")], width - indent, False, word.lstrip()
            while cell_len(word) > room:
                head = chop_cells(word, max(1, room))[0] or word[0]
                rows.append([*row, (head, look)])
                row, room, word = [(" " * indent, "")], width - indent, word[len(head) :]
            row.append((word, look))
            room, is_begun = room - cell_len(word), True
    return [*rows, row]


_WORDS = re.compile(r"\s*\S+|\s+$")
