"""Draws the lines of a log model, only those in sight, and moves among them."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from fabwiz.console.log_lines import Level, LogLine
from fabwiz.console.log_model import LogFilter, LogModel
from fabwiz.console.log_rows import LogRows, wrapped
from screens.marks import cut

_CLOCK = 9
_WHERE = 15
"""Columns for who says it."""
_SHIFT = 20
_AT_ONCE = 2000
"""Lines that are taken in at most 20 times a second, so that keys are answered meanwhile."""


class LogView(ScrollView, can_focus=True):
    """Follows the end until somebody scrolls up; End follows again. `flush` is called 20 times a second."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "log--clock",
        "log--where",
        "log--engine",
        "log--debug",
        "log--info",
        "log--warning",
        "log--error",
        "log--found",
        "log--held",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", key_display="/"),
        Binding("n", "again(True)", "Again", show=False),
        Binding("N", "again(False)", "Back", show=False),
        Binding("e", "error(True)", "Error"),
        Binding("E", "error(False)", "Error before", show=False),
        Binding("h", "by_host", "Host", show=False),
        Binding("o", "by_node", "Node", show=False),
        Binding("l", "by_level", "Level", show=False),
        Binding("p", "pause", "Pause", show=False),
        Binding("w", "wrap", "Wrap", show=False),
        Binding("c", "copy", "Copy", show=False),
        Binding("shift+up", "hold(-1)", "Select up", show=False),
        Binding("shift+down", "hold(1)", "Select down", show=False),
        Binding("escape", "let_go", "Let go", show=False),
    ]
    hint = "/ n N search, e error, h host, o node, l level, p pause, w wrap, c copy"

    class Moved(Message):
        """Something that a bar above the log tells has changed."""

    class Wanted(Message):
        """A key that needs a question: `search`, `host` or `node`."""

        def __init__(self, what: str) -> None:
            super().__init__()
            self.what = what

    def __init__(self, model: LogModel, **options: Any) -> None:
        super().__init__(**options)
        self.rows = LogRows(model)
        self.model = model
        self.follow = True
        self.paused: int | None = None
        """The line before which the log stands still."""
        self.sought = ""
        self.held: tuple[int, int] | None = None
        """Lines that are selected: where that began, and the one that moves."""
        self._shift = 0
        self._own = False
        self._wraps = False

    # -- following -----------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Show what has come."""
        if self.model.take(_AT_ONCE):
            self._update()
            self.post_message(self.Moved())

    def _update(self) -> None:
        before = len(self.rows)
        lost = self.rows.update(self.paused)
        if lost == 0 and len(self.rows) == before:
            return
        self._grown()
        if self.follow and self.paused is None:
            self._to_end()
        elif lost:
            # what somebody reads stays where it is while lines go at the front
            self._go(max(0, self.scroll_offset.y - lost))
            self.refresh()

    def _grown(self) -> None:
        # not through the reactive: the scrollbar is always there, so nothing on the screen has to be laid out anew
        self.set_reactive(LogView.virtual_size, Size(self.size.width, len(self.rows)))
        if self.is_mounted:
            self._scroll_update(self.virtual_size)

    def _to_end(self) -> None:
        before = self.scroll_offset.y
        self._go(self.max_scroll_y)
        if self.scroll_offset.y == before:
            self.refresh()  # other lines on the same rows

    def _go(self, row: float) -> None:
        self._own = True
        try:
            self._scroll_to(y=row, animate=False)
        finally:
            self._own = False

    def _scroll_to(self, x: float | None = None, y: float | None = None, **options: Any) -> bool:
        """Whoever scrolls: keys, wheel and scrollbar end up here. Animations would fight with what comes in."""
        if y is not None and not self._own and y < self.max_scroll_y and self.follow:
            self.follow = False
            self.post_message(self.Moved())
        return super()._scroll_to(x, y, **{**options, "animate": False})

    def action_scroll_end(self) -> None:
        """To the end, and follow it."""
        self.follow = True
        self.paused = None
        self.rows.update()
        self._grown()
        self._to_end()
        self.refresh()
        self.post_message(self.Moved())

    def action_scroll_left(self) -> None:
        """Long lines: back to their beginning."""
        self._shift = max(0, self._shift - _SHIFT)
        self.refresh()

    def action_scroll_right(self) -> None:
        """Long lines: further to their end."""
        self._shift += _SHIFT
        self.refresh()

    def action_pause(self) -> None:
        """Stand still, or go on."""
        self.paused = self.rows.end if self.paused is None else None
        self._update()
        self.post_message(self.Moved())

    def on_resize(self) -> None:
        """Another width wraps in other places."""
        if self._wraps:
            self._again_from(self._top())
        self._grown()
        if self.follow:
            self._to_end()

    # -- which lines ---------------------------------------------------------------------------------------------

    def show_only(self, wanted: LogFilter) -> None:
        """Show other lines, near those that show now."""
        near = self.model.show_only(wanted, self._top())
        self.held = self.paused = None
        self._again_from(near)
        self.post_message(self.Moved())

    def action_wrap(self) -> None:
        """Wrap long lines, or do not."""
        self._wraps = not self._wraps
        self._shift = 0
        self._again_from(self._top())
        self.post_message(self.Moved())

    @property
    def wraps(self) -> bool:
        """Whether long lines are wrapped."""
        return self._wraps

    def action_by_level(self) -> None:
        """The next level: all, from info, from warning, errors only."""
        levels = list(Level)
        level = levels[(levels.index(self.model.filter.level) + 1) % len(levels)]
        self.show_only(LogFilter(self.model.filter.host, self.model.filter.node, level))

    def action_by_host(self) -> None:
        """Ask for a host."""
        self.post_message(self.Wanted("host"))

    def action_by_node(self) -> None:
        """Ask for a node."""
        self.post_message(self.Wanted("node"))

    def _again_from(self, number: int | None) -> None:
        width = max(1, self.scrollable_content_region.width - _CLOCK - _WHERE) if self._wraps else 0
        self.rows.reset(width, self.paused)
        self._grown()
        if self.follow or number is None:
            self._go(self.max_scroll_y)
        else:
            self._go(self.rows.row_of(number))
        self.refresh()

    def _top(self) -> int | None:
        """The first line in sight."""
        try:
            return self.rows.at(self.scroll_offset.y)[0]
        except IndexError:
            return None

    # -- finding -------------------------------------------------------------------------------------------------

    def action_search(self) -> None:
        """Ask what for."""
        self.post_message(self.Wanted("search"))

    def search(self, text: str) -> bool:
        """Go to the next line with a text; whether there is one."""
        self.sought = text
        return self.action_again(True, 0)

    def action_again(self, forward: bool, step: int = 1) -> bool:
        """To the next line with what was searched for."""
        found = self.model.find(self.sought, self._from(forward, step), forward)
        return self._reveal(found, f"nothing says {self.sought}" if self.sought else "search first: /")

    def action_error(self, forward: bool) -> bool:
        """To the next error."""
        return self._reveal(self.model.next_error(self._from(forward, 1), forward), "no error among these lines")

    def _from(self, forward: bool, step: int) -> int:
        if self.held and self.model.first <= self.held[1] < self.model.end:
            return self.held[1] + (step if forward else -step)
        top = self._top() or 0
        return top if forward or step == 0 else top - 1

    def _reveal(self, number: int | None, otherwise: str) -> bool:
        if number is None:
            self.notify(otherwise, timeout=2, markup=False)
            self.refresh()
            return False
        if self.paused is not None and number >= self.paused:
            self.paused = None
            self._update()
        self.follow = False
        self.held = (number, number)
        self._in_sight(number)
        self.post_message(self.Moved())
        return True

    def _in_sight(self, number: int) -> None:
        row, height = self.rows.row_of(number), self.scrollable_content_region.height
        if not self.scroll_offset.y <= row < self.scroll_offset.y + height:
            self._go(max(0, row - height // 2))
        self.refresh()

    # -- selecting and copying -----------------------------------------------------------------------------------

    def action_hold(self, by: int) -> None:
        """Select from the line that is held, or the last in sight, on."""
        if self.rows.end == self.rows.first:
            return
        self.follow = False
        if self.held is None:
            bottom = min(self.scroll_offset.y + self.scrollable_content_region.height, len(self.rows)) - 1
            number = self.rows.at(max(0, bottom))[0]
            self.held = (number, number)
        else:
            moved = min(max(self.held[1] + by, self.rows.first), self.rows.end - 1)
            self.held = (self.held[0], moved)
        self._in_sight(self.held[1])
        self.post_message(self.Moved())

    def action_let_go(self) -> None:
        """Select nothing."""
        self.held = None
        self.sought = ""
        self.refresh()

    def action_copy(self) -> None:
        """Copy the selected lines, or those in sight."""
        if self.held:
            begin, end = min(self.held), max(self.held) + 1
        else:
            top = self._top()
            if top is None:
                return
            begin = top
            last = min(self.scroll_offset.y + self.scrollable_content_region.height, len(self.rows)) - 1
            end = self.rows.at(last)[0] + 1
        lines = [f"{line.time} {_where(line)} {line.text}" for line in self.model.lines(begin, end)]
        self.app.copy_to_clipboard("\n".join(lines) + "\n")
        self.notify(f"copied {len(lines)} line{'' if len(lines) == 1 else 's'}", timeout=2)

    def _line_under(self, event: events.MouseEvent) -> int | None:
        try:
            return self.rows.at(self.scroll_offset.y + event.y)[0]
        except IndexError:
            return None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Select a line."""
        number = self._line_under(event)
        if number is not None and event.x < self.scrollable_content_region.width:
            self.held = (self.held[0] if event.shift and self.held else number, number)
            self.capture_mouse()
            self.refresh()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Select more."""
        number = self._line_under(event)
        if self.app.mouse_captured is self and self.held and number is not None and number != self.held[1]:
            self.held = (self.held[0], number)
            self.follow = False
            self.refresh()

    def on_mouse_up(self) -> None:
        """That is all."""
        self.release_mouse()

    # -- drawing -------------------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """One row."""
        width = self.scrollable_content_region.width
        try:
            number, part = self.rows.at(self.scroll_offset.y + y)
            line = self.model.line(number)
        except IndexError:
            return Strip.blank(width, self.rich_style)
        base = self.rich_style
        if self.held and min(self.held) <= number <= max(self.held):
            base += self._style("held")
        segments = [] if part else [Segment(f"{line.time[:8]} ", base + self._style("clock"))]
        if part:
            segments.append(Segment(" " * (_CLOCK + _WHERE), base))
        else:
            where = cut(_where(line), _WHERE - 1)
            segments.append(Segment(f"{where:<{_WHERE}}", base + self._style("where" if line.node else "engine")))
        if self._wraps:
            pieces = wrapped(line.text, self.rows.width)
            text = pieces[part] if part < len(pieces) else ""
        else:
            text = line.text[self._shift : self._shift + width]
        segments += self._text(text, base + self._style(line.level.name.lower()))
        return Strip(segments).adjust_cell_length(width, base)

    def _text(self, text: str, style: Style) -> list[Segment]:
        if not self.sought:
            return [Segment(text, style)]
        found = style + self._style("found")
        segments, at = [], 0
        for match in re.finditer(re.escape(self.sought), text, re.IGNORECASE):
            segments += [Segment(text[at : match.start()], style), Segment(match[0], found)]
            at = match.end()
        return [*segments, Segment(text[at:], style)]

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"log--{name}", partial=name in ("found", "held"))


def _where(line: LogLine) -> str:
    return line.node or line.host or "workstation"
