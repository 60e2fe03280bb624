"""A grid whose cells are typed into: one input, laid over the cell that is edited."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.events import Blur, Key, Paste
from textual.message import Message
from textual.suggester import SuggestFromList
from textual.widgets import Input

from screens.widgets.grid import NAME, Grid
from screens.widgets.grid_cells import Cell, Column

_NEW = "\0new"
"""The key of a row that is just begun; no name of a session has a zero byte."""
_LEAVING = ("enter", "tab", "shift+tab", "escape", "up", "down")
"""Keys that leave a cell."""
_LEAST_WIDTH = 12
"""Cells to type in, where the column is narrower."""


class Cells(Grid):
    """The grid below; `hint` is about the cell under its cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "Edit")]

    hint = ""

    def __init__(self, owner: EditableGrid, key: str, corner: str, empty: str) -> None:
        super().__init__(key, corner, empty, on_names=True)
        self._owner = owner

    def on_key(self, event: Key) -> None:
        """Take what is a command or begins a cell."""
        if self._owner.take_key(event):
            event.stop()
            event.prevent_default()


class CellInput(Input):
    """What is typed into a cell."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "leave('enter')", "Take"),
        Binding("tab", "leave('tab')", "Next"),
        Binding("escape", "leave('escape')", "Leave as it was"),
    ]

    hint = ""

    def __init__(self, owner: EditableGrid, key: str) -> None:
        super().__init__(compact=True, id=key, classes="cell-input", select_on_focus=False)
        self._owner = owner

    def action_leave(self, by: str) -> None:
        """Clicks on the footer; keys come here sooner."""
        self._owner.leave(by)

    async def _on_key(self, event: Key) -> None:
        if self._owner.take_key(event, into=True):
            event.stop()
            event.prevent_default()

    def _on_paste(self, event: Paste) -> None:
        if is_table(event.text):
            event.stop()
            event.prevent_default()
            self._owner.take_table(event.text)

    def _on_blur(self, event: Blur) -> None:
        # another window is no reason to leave a cell: somebody may copy from there what is to stand here;
        # and where the focus was away for a moment only, the next cell is edited already
        if self.app.app_focus and self.screen.focused is not self:
            self._owner.leave("blur")


class EditableGrid(Container):
    """Rows of named things. A subclass says what a cell's text is, and takes what was typed.

    Columns are edited live: each keystroke is handed on, Escape gives the first text back. Names only count when they
    are whole.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a,insert", "add", "Add", key_display="a"),
        Binding("r", "rename", "Rename"),
        Binding("d,delete", "remove", "Delete", key_display="d"),
    ]

    class Moved(Message):
        """The cursor is elsewhere, or another cell is edited."""

    class Pasted(Message):
        """Several lines were pasted."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, key: str, corner: str, empty: str) -> None:
        super().__init__(id=key)
        self._cells = Cells(self, f"{key}-cells", corner, empty)
        self._input = CellInput(self, f"{key}-input")
        self._input.display = False
        self._editing: tuple[str, str] | None = None
        self._first = ""
        self._said = ""
        self._begun = False
        self._edits = 0
        self._is_typing = False
        self._commands: dict[str, Callable[[], object]] = {
            "a": self.action_add,
            "insert": self.action_add,
            "r": self.action_rename,
            "d": self.action_remove,
            "delete": self.action_remove,
            "enter": self._open,
            "up": partial(self._cells.action_go, -1, 0),
            "down": partial(self._cells.action_go, 1, 0),
            "left": partial(self._cells.action_go, 0, -1),
            "right": partial(self._cells.action_go, 0, 1),
        }
        self._filled: tuple[Sequence[Column], Sequence[tuple[str, Cell]], Mapping[tuple[str, str], Cell]] = ((), (), {})

    def compose(self) -> ComposeResult:
        """The grid, and the input over it."""
        yield self._cells
        yield self._input

    # -- what a subclass says ------------------------------------------------------------------------------------

    def editable(self, row: str, column: str) -> bool:
        """Whether the cell is typed into."""
        raise NotImplementedError

    def text(self, row: str, column: str) -> str:
        """The text to edit."""
        raise NotImplementedError

    def typed(self, row: str, column: str, text: str, merge: object) -> None:
        """Take what was typed so far; `merge` is the same until the cell is left."""
        raise NotImplementedError

    def created(self, name: str) -> bool:
        """Take a new row; whether that was possible."""
        raise NotImplementedError

    def renamed(self, row: str, name: str) -> bool:
        """Take another name for a row; whether that was possible."""
        raise NotImplementedError

    def removed(self, row: str) -> None:
        """Take a row away."""
        raise NotImplementedError

    def suggestions(self, row: str, column: str) -> Sequence[str]:
        """What is mostly typed there."""
        del row, column
        return ()

    def hint_at(self, row: str | None, column: str | None) -> str:
        """All about a cell."""
        raise NotImplementedError

    # -- contents ------------------------------------------------------------------------------------------------

    def fill(
        self,
        columns: Sequence[Column],
        rows: Sequence[tuple[str, Cell]],
        cells: Mapping[tuple[str, str], Cell],
    ) -> None:
        """Show this; see `Grid.fill`. What is being typed stays."""
        self._filled = (columns, rows, cells)
        new = [(_NEW, Cell(""))] if self._begun else []
        self._cells.fill(columns, [*rows, *new], cells)
        if self._editing and all(key != self._editing[0] for key, _ in self._cells.rows):
            self._close()  # the row was taken away meanwhile
        elif self._editing and not self._is_typing and self._editing[1] != NAME:
            text = self.text(*self._editing)
            if text != self._said:  # undone, say
                self._said = text
                with self._input.prevent(Input.Changed):
                    self._input.value = text
        self._place()
        self._tell()

    @property
    def row(self) -> str | None:
        """The row of the cursor; `None` where there is none, or a new one is begun."""
        row = self._cells.row
        return None if row == _NEW else row

    @property
    def column(self) -> str | None:
        """The column of the cursor."""
        return self._cells.column

    @property
    def is_editing(self) -> bool:
        """Whether a cell is typed into."""
        return self._editing is not None

    def put(self, row: str | None = None, column: str | None = None) -> None:
        """Put the cursor there, and the focus."""
        self._cells.put(row, column)
        self.screen.set_focus(self._cells)

    # -- commands ------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No commands while a cell is edited: their letters are typed."""
        del parameters
        return not (self.is_editing and action in ("add", "rename", "remove"))

    def action_add(self) -> None:
        """Begin a new row."""
        self._begun = True
        self.fill(*self._filled)
        self._cells.put(_NEW, NAME)
        self._open("")

    def action_rename(self) -> None:
        """Edit the name."""
        if self.row is not None:
            self._cells.put(self.row, NAME)
            self._open()

    def action_remove(self) -> None:
        """Take the row of the cursor away."""
        if self.row is not None:
            self.removed(self.row)

    @on(Grid.Chosen)
    def _chosen(self, event: Grid.Chosen) -> None:
        event.stop()
        if self._cells.rows:
            self._open()

    @on(Grid.Moved)
    def _moved(self, event: Grid.Moved) -> None:
        event.stop()
        self._tell()

    def take_key(self, event: Key, into: bool = False) -> bool:
        """Do at once what a key means, and say whether it means something; `into`: it reached the input.

        Keys that come in a burst are handed to whoever had the focus when it began: one that was sent to the cells is
        meant for the input that the key before it has opened, and the other way round.
        """
        if self.is_editing:
            if event.key in _LEAVING:
                self.leave(event.key)
            elif into:
                return False
            elif event.is_printable and event.character:
                self._input.insert_text_at_cursor(event.character)
            else:
                self._input.post_message(Key(event.key, event.character))
            return True
        if action := self._commands.get(event.key):
            action()
            return True
        # digits and signs begin a cell anew, as in any spreadsheet, while Enter goes on behind what stands there: an
        # address or a number is mostly another one altogether, and Escape gives the old one back; letters are commands
        text = event.character
        if text and event.is_printable and not text.isalpha() and not text.isspace():
            self._open(text, anew=True)
            return True
        if into:
            self._cells.post_message(Key(event.key, event.character))
        return into

    def on_paste(self, event: Paste) -> None:
        """A table goes to whoever previews it, one line into the cell."""
        if self.is_editing:
            return
        event.stop()
        if is_table(event.text):
            self.post_message(self.Pasted(event.text))
        elif event.text.strip():
            self._open(event.text.strip(), anew=True)

    def take_table(self, text: str) -> None:
        """Leave the cell as it was, and hand a pasted table on."""
        self.leave("escape")
        self.post_message(self.Pasted(text))

    # -- editing -------------------------------------------------------------------------------------------------

    def _open(self, text: str | None = None, anew: bool = False) -> None:
        """Edit the cell of the cursor; `text` instead of what it says, `anew` as if that had been typed."""
        row, column = self._cells.row, self._cells.column
        if row is None or column is None or not (row == _NEW or column == NAME or self.editable(row, column)):
            return
        self._editing = (row, column)
        self._edits += 1
        self._first = "" if row == _NEW else row if column == NAME else self.text(row, column)
        self._said = self._first
        with self._input.prevent(Input.Changed):
            self._input.value = self._first if text is None else text
        words = self.suggestions(row, column) if column != NAME else ()
        self._input.suggester = SuggestFromList(words) if words else None
        self._input.hint = self._cells.hint
        self._input.display = True
        self._place()
        self.screen.set_focus(self._input)
        self.refresh_bindings()
        self._input.cursor_position = len(self._input.value)
        if anew:
            self._hand_on()

    def _place(self) -> None:
        if not self._editing:
            return
        region = self._cells.cursor_region
        room = max(1, self._cells.size.width)
        wanted = max(region.width, min(_LEAST_WIDTH, room), min(len(self._input.value) + 2, room))
        x = max(0, min(region.x, room - wanted))
        self._input.styles.offset = (x, max(0, region.y))
        self._input.styles.width = min(wanted, room)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._editing and event.value == self._input.value:
            self._hand_on()
            self._place()

    def _hand_on(self, text: str | None = None) -> None:
        assert self._editing
        row, column = self._editing
        if column != NAME:
            self._is_typing = True
            self.typed(row, column, self._input.value if text is None else text, (self.id, self._edits))
            self._is_typing = False
            self._said = self.text(row, column)

    def leave(self, by: str) -> None:
        """Leave the cell; with Escape as it was. A name that is refused is not left."""
        if not self._editing:
            return
        row, column = self._editing
        text = self._input.value.strip()
        if column != NAME:
            self._hand_on(self._first if by == "escape" else None)
        elif by != "escape" and text and text != row:
            begun, self._begun = self._begun, False
            if not (self.created(text) if begun else self.renamed(row, text)):
                self._begun = begun and by != "blur"
                self.fill(*self._filled)
                if by == "blur":
                    self._close()
                return
            row = text
        self._close()
        self._cells.put(row, column)
        if by != "blur":
            self.screen.set_focus(self._cells)
        if by in ("tab", "shift+tab") and row != _NEW:
            self._go_on(1 if by == "tab" else -1)
        elif by in ("up", "down"):
            self._cells.action_go(1 if by == "down" else -1, 0)

    def _close(self) -> None:
        self._editing = None
        if self._input.has_focus:
            self.screen.set_focus(self._cells)
        self._input.display = False
        self.refresh_bindings()
        if self._begun:
            self._begun = False
            self.fill(*self._filled)

    def _go_on(self, by: int) -> None:
        """Edit the next cell that can be, or the one before; after the last one of the last row, begin a row."""
        rows = [key for key, _ in self._cells.rows]
        row, here = self._cells.row, self._cells.column
        if row is None or here is None:
            return
        columns = [NAME, *(one.key for one in self._cells.columns if self.editable(row, one.key))]
        at = columns.index(here) + by if here in columns else 0
        if 0 <= at < len(columns):
            self._cells.put(row, columns[at])
            self._open()
        elif 0 <= (other := rows.index(row) + by) < len(rows):
            self._cells.put(rows[other], columns[0 if by > 0 else -1])
            self._open()
        elif by > 0:
            self.action_add()

    def _tell(self) -> None:
        row, column = self._cells.row, self._cells.column
        hint = self.hint_at(None if row == _NEW else row, column)
        if hint != self._cells.hint:
            self._cells.hint = self._input.hint = hint
        self.post_message(self.Moved())


def is_table(text: str) -> bool:
    """Whether a pasted text has more than one line."""
    return len([line for line in text.splitlines() if line.strip()]) > 1
