"""Private data collections of a chaincode, one a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from fabwiz.editing import placing, policies
from fabwiz.session.findings import Edit, SessionPath
from fabwiz.session.model import CollectionSpec
from screens.steps.asking import ask, ask_name, change_setting
from screens.widgets.grid import Grid
from screens.widgets.grid_cells import Cell, Column
from screens.widgets.list_grid import ListGrid
from screens.widgets.ticks import tick

if TYPE_CHECKING:
    from screens.steps.chaincodes.step import Chaincodes

_COLUMNS = (
    Column("policy", "Who holds it", 20),
    Column("required_peers", "Least"),
    Column("max_peers", "Most"),
    Column("block_to_live", "Blocks"),
    Column("member_only_read", "Private"),
)


class Collections(ListGrid):
    """Data that only some members hold."""

    def __init__(self, step: Chaincodes) -> None:
        super().__init__(
            "collection-list",
            "Collection",
            "No private data collection: a adds one (Fabric 1.2 and later).",
            "a adds, r renames, d removes; Space or Enter changes the cell",
        )
        self._step = step

    @property
    def path(self) -> SessionPath:
        """Where they stand."""
        return ("chaincodes", self._step.chosen or "", "collections")

    def draw(self) -> None:
        """Show those of the chosen chaincode."""
        rows, cells = [], {}
        for name, said in placing.mapping(self._step.draft.data, *map(str, self.path)).items():
            about = said if isinstance(said, dict) else {}
            rows.append((name, Cell(name)))
            for column in _COLUMNS[:-1]:
                value = about.get(column.key)
                default = "" if column.key == "policy" else str(CollectionSpec.model_fields[column.key].default)
                cells[name, column.key] = Cell(default, "dim") if value is None else Cell(str(value))
            cells[name, "member_only_read"] = tick(about.get("member_only_read") is True)
        self.fill(_COLUMNS, rows, cells)

    @on(Grid.Chosen)
    def _change(self, event: Grid.Chosen) -> None:
        event.stop()
        if self.row is not None and self.column is not None:
            about = CollectionSpec.model_fields[self.column].description or self.column
            change_setting(self._step, (*self.path, self.row, self.column), f"{self.row}: {about}")

    @on(ListGrid.Wanted)
    def _wanted(self, event: ListGrid.Wanted) -> None:
        event.stop()
        name = self.row
        if event.what == "add":
            ask(self, "What is the collection called?", "private", "New collection", self._add)
        elif name and event.what == "rename":
            ask_name(self, f"What is {name} to be called?", name, "Rename", lambda new: self._rename(name, new))
        elif name:
            self._step.change(f"remove {name}", [Edit((*self.path, name))])

    def _add(self, name: str) -> None:
        data = self._step.draft.data
        if name in placing.mapping(data, *map(str, self.path)):
            self.notify(f"{name} is there already", severity="error", markup=False)
            return
        members = policies.signers(data, self._step.chosen or "")
        policy = policies.built(1, members, "member") if members else ""
        self._step.change(f"add {name}", [Edit((*self.path, name), {"policy": policy})])
        self.put(name)

    def _rename(self, old: str, new: str) -> None:
        if self._step.change(f"rename {old} to {new}", [Edit((*self.path, old), key=new)]):
            self.put(new)
