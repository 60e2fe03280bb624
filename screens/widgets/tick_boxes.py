"""Boxes to tick that are empty while they are not ticked: Textual tells that by the colour of their X alone."""

from __future__ import annotations

from rich.segment import Segment
from textual.content import Content
from textual.strip import Strip
from textual.widgets import Checkbox, SelectionList


class TickBox(Checkbox):
    """One box."""

    @property
    def _button(self) -> Content:
        self.BUTTON_INNER = Checkbox.BUTTON_INNER if self.value else " "
        return super()._button


class TickBoxes(SelectionList[str]):
    """One box a line."""

    def render_line(self, y: int) -> Strip:
        """A line, its box empty unless it is chosen."""
        strip, at = super().render_line(y), y + self.scroll_offset.y
        if at >= self.option_count or self.get_option_at_index(at).value in self.selected:
            return strip
        left, inner, *rest = strip
        return Strip([left, Segment(" ", inner.style), *rest])
