"""Consortiums by organizations: who may make channels together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from fabwiz.editing import beginnings, placing, removing, renaming
from fabwiz.session.edits import edited
from fabwiz.session.network import DEFAULT_CONSORTIUM
from screens.steps.asking import ask, ask_name
from screens.widgets.grid import Grid
from screens.widgets.grid_cells import Cell, Column
from screens.widgets.list_grid import ListGrid
from screens.widgets.ticks import tick

if TYPE_CHECKING:
    from screens.steps.organizations.step import Organizations


class Consortiums(ListGrid):
    """One row each; where none is said, the one of all that holds then."""

    def __init__(self, step: Organizations) -> None:
        super().__init__(
            "consortium-list",
            "Consortium",
            "",
            "a adds, r renames, d removes; Space ticks the organizations in it",
        )
        self._step = step

    def draw(self) -> None:
        """Show them all."""
        data = self._step.draft.data
        organizations = list(placing.mapping(data, "organizations"))
        said = placing.mapping(data, "consortiums")
        rows = [(name, Cell(name)) for name in said] or [(DEFAULT_CONSORTIUM, Cell(DEFAULT_CONSORTIUM, "dim"))]
        cells: dict[tuple[str, str], Cell] = {}
        for name, _ in rows:
            members = placing.names(data, "consortiums", name) if said else organizations
            cells |= {(name, one): tick(one in members) for one in organizations}
        self.fill([Column(name, name) for name in organizations], rows, cells)
        self.display = bool(organizations)

    @on(Grid.Chosen)
    def _toggle(self, event: Grid.Chosen) -> None:
        event.stop()
        name, organization, data = self.row, self.column, self._step.draft.data
        if name is None or organization is None:
            return
        edits = beginnings.said_consortiums(data)
        for edit in edits:
            data = edited(data, edit)
        path = ("consortiums", name)
        if organization in placing.names(data, *path):
            more = removing.without_member(data, path, organization)
        else:
            more = [placing.with_item(data, path, organization, list(placing.mapping(data, "organizations")))]
        self._step.change(f"{organization} in {name}", [*edits, *more])

    @on(ListGrid.Wanted)
    def _wanted(self, event: ListGrid.Wanted) -> None:
        event.stop()
        name, data = self.row, self._step.draft.data
        if event.what == "add":
            proposal = beginnings.next_of(data, "consortiums", "Consortium1")
            ask(self, "What is the consortium called?", proposal, "New consortium", self._add)
        elif name and event.what == "rename":
            ask_name(self, f"What is {name} to be called?", name, "Rename", lambda new: self._rename(name, new))
        elif name:
            self._step.change(f"remove {name}", removing.remove_consortium(data, name))

    def _add(self, name: str) -> None:
        if name in placing.mapping(self._step.draft.data, "consortiums"):
            self.notify(f"{name} is there already", severity="error", markup=False)
        elif self._step.change(f"add {name}", [beginnings.new_consortium(self._step.draft.data, name)]):
            self.put(name)

    def _rename(self, old: str, new: str) -> None:
        data = self._step.draft.data
        edits = [*beginnings.said_consortiums(data), *renaming.rename_consortium(data, old, new)]
        if self._step.change(f"rename {old} to {new}", edits):
            self.put(new)
