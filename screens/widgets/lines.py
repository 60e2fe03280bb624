"""Many lines of text to read, of which only those in sight are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from rich.segment import Segment
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

Line = Sequence[tuple[str, str]]
"""Pieces of text, each with its look: `head`, `good`, `bad`, `dim`, or nothing."""


class Lines(ScrollView, can_focus=True):
    """Scrolls up and down."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"lines--head", "lines--good", "lines--bad", "lines--dim"}

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._lines: list[Line] = []

    def tell(self, lines: Sequence[Line]) -> None:
        """Show other lines."""
        self._lines = list(lines)
        self.on_resize()
        self.refresh()

    def on_resize(self) -> None:
        """As many rows as lines."""
        self.virtual_size = Size(self.size.width, len(self._lines))

    def render_line(self, y: int) -> Strip:
        """One line, cut at the edge."""
        width = self.scrollable_content_region.width
        row = self.scroll_offset.y + y
        base = self.rich_style
        if row >= len(self._lines):
            return Strip.blank(width, base)
        segments = [
            Segment(text, base + self.get_component_rich_style(f"lines--{look}", partial=True) if look else base)
            for text, look in self._lines[row]
        ]
        return Strip(segments).adjust_cell_length(width, base)
