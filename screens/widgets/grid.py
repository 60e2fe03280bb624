"""A table of short texts with a cursor: rows and columns have names, only what is seen is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.events import Click, Resize
from textual.geometry import Region, Size, Spacing
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from screens.widgets.grid_cells import GAP, Cell, Column, fitted, share

NAME = "name"
"""The key of the first column, where the cursor goes to it."""

_EMPTY = Cell("")


class Grid(ScrollView, can_focus=True):
    """The first column holds the rows' names and stays where it is; so does the line of titles.

    Arrow keys move the cursor; Enter, or a click on the cell that has the cursor, chooses it.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "grid--title",
        "grid--title-here",
        "grid--name",
        "grid--cursor",
        "grid--row",
        "grid--good",
        "grid--dim",
        "grid--warning",
        "grid--error",
        "grid--held",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "go(-1, 0)", show=False),
        Binding("down", "go(1, 0)", show=False),
        Binding("left", "go(0, -1)", show=False),
        Binding("right", "go(0, 1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "go(0, -100000)", show=False),
        Binding("end", "go(0, 100000)", show=False),
        Binding("ctrl+home", "go(-100000, 0)", show=False),
        Binding("ctrl+end", "go(100000, 0)", show=False),
        Binding("enter", "choose", show=False),
    ]

    class Told(Message):
        """What both messages carry."""

        def __init__(self, grid: Grid) -> None:
            super().__init__()
            self.grid = grid

        @property
        def control(self) -> Grid:
            """The grid, for `@on` with a selector."""
            return self.grid

    class Moved(Told):
        """The cursor is elsewhere."""

    class Chosen(Told):
        """Enter, or a click on the cell under the cursor."""

    def __init__(
        self, key: str, corner: str = "", empty: str = "", most_name: int = 20, on_names: bool = False
    ) -> None:
        """`key` is its id, `corner` the first column's title, `empty` is said where there are no rows.

        `on_names`: the cursor goes to the names, too; their column has the key `NAME`.
        """
        super().__init__(id=key)
        self.corner, self.empty, self.most_name = corner, empty, most_name
        self._first = -1 if on_names else 0
        self.columns: tuple[Column, ...] = ()
        self.rows: tuple[tuple[str, Cell], ...] = ()
        self.cells: Mapping[tuple[str, str], Cell] = {}
        self._at = (0, 0)
        self._name_width = 0
        self._widths: tuple[int, ...] = ()

    # -- contents ------------------------------------------------------------------------------------------------

    def fill(
        self,
        columns: Sequence[Column],
        rows: Sequence[tuple[str, Cell]],
        cells: Mapping[tuple[str, str], Cell],
    ) -> None:
        """Show this; the cursor stays on the row and column of the same keys. `cells` by (row, column)."""
        row, column = self.row, self.column
        at_row, at_column = self._at
        if (tuple(columns), tuple(rows), cells) == (self.columns, self.rows, self.cells):
            return
        self.columns, self.rows, self.cells = tuple(columns), tuple(rows), cells
        self._at = (
            next((i for i, (key, _) in enumerate(self.rows) if key == row), min(at_row, max(0, len(self.rows) - 1))),
            next(
                (i for i, one in enumerate(self.columns) if one.key == column),
                max(self._first, min(at_column, len(self.columns) - 1)),
            ),
        )
        self._measure()
        self.refresh()

    @property
    def row(self) -> str | None:
        """The key of the cursor's row; `None` if there are none."""
        return self.rows[self._at[0]][0] if self._at[0] < len(self.rows) else None

    @property
    def column(self) -> str | None:
        """The key of the cursor's column; `None` if there are none."""
        if self._at[1] < 0:
            return NAME
        return self.columns[self._at[1]].key if self._at[1] < len(self.columns) else None

    def put(self, row: str | None = None, column: str | None = None) -> None:
        """Put the cursor there, as far as there are such a row and column."""
        at_row, at_column = self._at
        at_row = next((i for i, (key, _) in enumerate(self.rows) if key == row), at_row)
        at_column = next((i for i, one in enumerate(self.columns) if one.key == column), at_column)
        if column == NAME:
            at_column = self._first
        self._go(at_row, at_column)

    # -- moving --------------------------------------------------------------------------------------------------

    def action_go(self, rows: int, columns: int) -> None:
        """Move the cursor by so many rows and columns."""
        self._go(self._at[0] + rows, self._at[1] + columns)

    def action_page(self, by: int) -> None:
        """Move it by what is seen at once."""
        self.action_go(by * max(1, self.size.height - 2), 0)

    def action_choose(self) -> None:
        """Choose the cell."""
        if self.rows:
            self.post_message(self.Chosen(self))

    def _go(self, row: int, column: int) -> None:
        at = (max(0, min(row, len(self.rows) - 1)), max(self._first, min(column, len(self.columns) - 1)))
        if at != self._at:
            self._at = at
            self.post_message(self.Moved(self))
        self._scroll_to_cursor()
        self.refresh()

    def _scroll_to_cursor(self) -> None:
        if not self.is_attached or not self.size:
            return
        left, width = self._span(self._at[1])
        self.scroll_to_region(
            Region(left, self._at[0] + 1, width, 1),
            spacing=Spacing(1, 0, 0, self._name_width + GAP),
            animate=False,
            force=True,
        )

    def _span(self, column: int) -> tuple[int, int]:
        """Where a column begins before anything is scrolled, and how wide it is."""
        if column < 0:
            # it is always seen: going there shows what stands beside it
            return self._name_width + GAP, 0
        left = self._name_width + GAP + sum(self._widths[:column]) + GAP * column
        return left, self._widths[column] if column < len(self._widths) else 0

    @property
    def cursor_region(self) -> Region:
        """Where the cell of the cursor is seen, within this widget."""
        row, column = self._at
        y = row + 1 - self.scroll_offset.y
        if column < 0:
            return Region(0, y, self._name_width, 1)
        left, width = self._span(column)
        return Region(left - self.scroll_offset.x, y, width, 1)

    def on_click(self, event: Click) -> None:
        """Go to a cell; choose it if the cursor is there already."""
        offset = event.get_content_offset(self)
        if offset is None or not offset.y:
            return
        row = offset.y - 1 + self.scroll_offset.y
        if row >= len(self.rows):
            return
        column = -1 if self._first < 0 else self._at[1]
        x = offset.x
        if x > self._name_width and self._widths:
            x += self.scroll_offset.x - self._name_width - GAP
            starts = accumulate((width + GAP for width in self._widths), initial=0)
            column = max(number for number, start in enumerate(starts) if start <= x or not number)
            column = min(column, len(self._widths) - 1)
        if (row, column) == self._at:
            self.action_choose()
        else:
            self._go(row, column)

    # -- drawing -------------------------------------------------------------------------------------------------

    def on_resize(self, event: Resize) -> None:
        """Share out the new width."""
        self._measure()
        self._scroll_to_cursor()

    def _measure(self) -> None:
        names = max((cell_len(cell.text) for _, cell in self.rows), default=0)
        self._name_width = min(max(cell_len(self.corner), names), self.most_name)
        room = self.scrollable_content_region.width - self._name_width - GAP * len(self.columns)
        self._widths = share(self.columns, self.cells, room)
        lines = len(self.rows) or bool(self.empty)
        self.virtual_size = Size(self._name_width + GAP * len(self._widths) + sum(self._widths), lines + 1)

    def render_line(self, y: int) -> Strip:
        """The titles, or a row."""
        base, width = self.rich_style, self.size.width
        at = y - 1 + self.scroll_offset.y
        here = self._at[1] if self.has_focus else None
        if y == 0:
            plain = base + self._style("title")
            corner = plain + self._style("title-here") if here == -1 else plain
            first = Segment(fitted(Cell(self.corner), self._name_width), corner)
            pieces = []
            for number, (column, wide) in enumerate(zip(self.columns, self._widths, strict=True)):
                style = plain + self._style("title-here") if number == here else plain
                pieces += [Segment(" " * GAP, plain), Segment(fitted(Cell(column.title), wide), style)]
            return self._line(first, pieces, width, plain)
        if at >= len(self.rows):
            if not self.rows and y == 1:
                return Strip([Segment(self.empty, base + self._style("dim"))]).adjust_cell_length(width, base)
            return Strip.blank(width, base)
        key, name = self.rows[at]
        is_here = at == self._at[0]
        line = base + self._style("row") if is_here else base
        pieces = []
        for number, (column, wide) in enumerate(zip(self.columns, self._widths, strict=True)):
            cell = self.cells.get((key, column.key), _EMPTY)
            style = line + self._style(cell.tone) if cell.tone else line
            if is_here and number == here:
                style += self._style("cursor")
            pieces += [Segment(" " * GAP, line), Segment(fitted(cell, wide), style)]
        named = line + self._style(name.tone or "name")
        if is_here and here == -1:
            named += self._style("cursor")
        first = Segment(fitted(name, self._name_width), named)
        return self._line(first, pieces, width, line)

    def _line(self, first: Segment, pieces: list[Segment], width: int, style: Style) -> Strip:
        # the gap behind the names is not scrolled, so that nothing ever touches them
        left, room = self.scroll_offset.x, max(0, width - self._name_width - GAP)
        rest = Strip(pieces[1:]).crop(left, left + room)
        return Strip.join([Strip([first, *pieces[:1]]), rest]).adjust_cell_length(width, style)

    def _style(self, name: str) -> Style:
        part = self.get_component_rich_style(f"grid--{name}", partial=True)
        if part.color is None:
            return part
        # colours such as $text-muted follow from the background, which a partial style does not know: it says white
        return part + Style(color=self.get_component_rich_style(f"grid--{name}").color)
