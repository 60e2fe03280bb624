"""Hosts from a pasted table: a place to paste into, and what would be added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static, TextArea

from fabwiz.session.findings import Edit
from screens.marks import marks
from screens.widgets.grid import Grid
from screens.widgets.grid_cells import Cell, Column

if TYPE_CHECKING:
    from fabwiz.editing.hosts_table import Row, Table

FORMS = (
    "CSV, TSV, a Markdown table, columns with blanks between, lines of /etc/hosts, an Ansible inventory, "
    "or one address a line."
)


@dataclass(frozen=True, slots=True)
class Taken:
    """What is to be added: edits of the session, how many hosts and nodes they make."""

    edits: tuple[Edit, ...]
    hosts: int
    nodes: int


class PasteText(ModalScreen[str | None]):
    """A place to paste, or type, a table into. It is dismissed with the text."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel"),
        Binding("ctrl+s", "go_on", "Go on", priority=True),
    ]

    def compose(self) -> ComposeResult:
        """What may be pasted, the text, and the two ways on."""
        with Vertical(classes="dialog paste") as dialog:
            dialog.border_title = "Paste a table of hosts"
            yield Static(FORMS + " Passwords are recognized and not kept.", markup=False)
            yield TextArea("", id="paste-text", tab_behavior="focus", compact=True)
            with Horizontal(classes="dialog-buttons"):
                yield Button("Preview (Ctrl+S)", id="go-on", variant="primary", compact=True)
                yield Button("Cancel", id="cancel", compact=True)

    def on_mount(self) -> None:
        """Ready to be pasted into."""
        self.query_one(TextArea).focus()

    def action_go_on(self) -> None:
        """To the preview."""
        text = self.query_one(TextArea).text
        if text.strip():
            self.dismiss(text)
        else:
            self.notify("paste a table first", timeout=2)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """On, or not."""
        if event.button.id == "go-on":
            self.action_go_on()
        else:
            self.dismiss(None)


_COLUMNS = (
    Column("state", "", 1),
    Column("address", "Address", 39, least=15),
    Column("nodes", "Runs", 30),
    Column("user", "User", 16),
    Column("port", "Port", 5),
    Column("key", "Key", 24),
    Column("jump", "Jump", 20),
    Column("sudo", "Sudo", 12),
)


class PastePreview(ModalScreen[Taken | None]):
    """Row by row what was understood. Enter adds it; `n` says whether nodes that names tell of are placed, too."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel"),
        Binding("enter", "add", "Add", priority=True),
        Binding("n", "nodes", "With nodes or without"),
    ]

    def __init__(self, text: str, data: Any = None) -> None:
        """`data` is the plain data of the session that the hosts go to."""
        super().__init__()
        from fabwiz.editing.hosts_table import read_table
        from fabwiz.editing.placing import mapping

        self._data = data if data is not None else {}
        self._table: Table = read_table(text, mapping(self._data, "hosts"))
        self._with_nodes = any(row.hints for row in self._table.usable)
        self._can_nodes = self._with_nodes

    def compose(self) -> ComposeResult:
        """The rows, what is wrong with the one under the cursor, what will be added."""
        with Vertical(classes="dialog paste") as dialog:
            dialog.border_title = f"Hosts from {self._table.form.value}"
            yield Grid("paste-rows", "Host", "nothing that could be a host was found")
            yield Static("", id="paste-row", markup=False)
            yield Static("", id="paste-notes", markup=False)
            yield Static("", id="paste-sum", markup=False)
            with Horizontal(classes="dialog-buttons"):
                yield Button("Add (Enter)", id="add", variant="primary", compact=True)
                yield Button("Cancel", id="cancel", compact=True)

    def on_mount(self) -> None:
        """Draw, with the cursor in the rows."""
        grid = self.query_one(Grid)
        rows = self._table.rows
        # the line of the text is the key: names may stand twice
        keys = [f"{number}" for number, _ in enumerate(rows)]
        cells = {
            (key, column): cell
            for key, row in zip(keys, rows, strict=True)
            for column, cell in _cells(row).items()
            if cell.text
        }
        names = [(key, Cell(row.name or f"line {row.line}", _tone(row))) for key, row in zip(keys, rows, strict=True)]
        used = {column for _, column in cells}
        grid.fill([column for column in _COLUMNS if column.key in used], names, cells)
        grid.focus()
        self.query_one("#paste-notes", Static).update("\n".join(self._table.notes))
        self._row()
        self._sum()

    @property
    def _taken(self) -> Taken:
        from fabwiz.editing.hosts_table import host_edits, node_edits

        edits = host_edits(self._table, self._data)
        nodes = node_edits(self._table, self._data) if self._with_nodes else ()
        count = sum(_nodes_in(edit) for edit in nodes)
        return Taken((*edits, *nodes), len(self._table.usable), count)

    def _sum(self) -> None:
        taken, rows = self._taken, len(self._table.rows)
        left = rows - taken.hosts
        parts = [f"Adds {_count(taken.hosts, 'host')}"]
        if self._with_nodes:
            parts.append(f"and places {_count(taken.nodes, 'node')} that their names tell of (n leaves these out)")
        elif self._can_nodes:
            parts.append("and places nothing on them (n places what their names tell of)")
        if left:
            parts.append(f"; {_count(left, 'row')} cannot be taken")
        self.query_one("#paste-sum", Static).update(" ".join(parts).replace(" ;", ";") + ".")
        self.query_one("#add", Button).disabled = not taken.edits

    @on(Grid.Moved)
    def _row(self) -> None:
        key = self.query_one(Grid).row
        told = ""
        if key is not None:
            row = self._table.rows[int(key)]
            told = "; ".join([*(problem.message for problem in row.problems), *row.changes])
            told = f"Line {row.line}: {told or 'understood'}"
        self.query_one("#paste-row", Static).update(told)

    def action_nodes(self) -> None:
        """With nodes, or without."""
        if self._can_nodes:
            self._with_nodes = not self._with_nodes
            self._sum()

    def action_add(self) -> None:
        """Take it over."""
        if self.query_one("#cancel").has_focus:
            self.dismiss(None)
        elif (taken := self._taken).edits:
            self.dismiss(taken)
        else:
            self.notify("there is nothing to add", timeout=2)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Add, or not."""
        if event.button.id == "add":
            self.action_add()
        else:
            self.dismiss(None)


def _cells(row: Row) -> dict[str, Cell]:
    signs = marks()
    sign = Cell(signs.done, "good")
    if not row.usable:
        sign = Cell(signs.error, "error")
    elif row.problems:
        sign = Cell(signs.warning, "warning")
    wrong = {
        problem.column.value: "error" if problem.blocks else "warning" for problem in row.problems if problem.column
    }
    texts = {
        "address": row.address,
        "nodes": ", ".join(hint.node or hint.role.value for hint in row.hints),
        "user": row.user,
        "port": str(row.port) if row.port else None,
        "key": row.key,
        "jump": row.jump,
        "sudo": row.sudo,
    }
    return {"state": sign} | {key: Cell(text or "", wrong.get(key, "")) for key, text in texts.items()}


def _tone(row: Row) -> str:
    return "" if row.usable else "error"


def _nodes_in(edit: Edit) -> int:
    made = edit.value.get("peers") if edit.path[0] == "organizations" and len(edit.path) == 2 else None
    return len(made) if made is not None else 1


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
