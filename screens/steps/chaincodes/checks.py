"""The calls that prove that a chaincode works, one a row, in their order."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType

from fabwiz.editing import placing
from fabwiz.session.findings import Edit, SessionPath
from screens.steps.asking import ask, change_setting
from screens.widgets.grid import Grid
from screens.widgets.grid_cells import Cell, Column
from screens.widgets.list_grid import ListGrid

if TYPE_CHECKING:
    from screens.steps.chaincodes.step import Chaincodes

_COLUMNS = (
    Column("kind", "Call"),
    Column("words", "Function, arguments", 24),
    Column("expect", "Expect", 20),
    Column("channel", "Channel"),
    Column("organization", "As"),
)


class Checks(ListGrid):
    """Queries and invocations."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("less_than_sign", "order(-1)", "Earlier", key_display="<"),
        Binding("greater_than_sign", "order(1)", "Later", key_display=">"),
    ]

    def __init__(self, step: Chaincodes) -> None:
        super().__init__(
            "check-list",
            "Check",
            "No check yet: a adds one. Without any, only the start is proved.",
            "a adds a call, d removes, < and > order; Space or Enter changes the cell under the cursor",
            names=False,
        )
        self._step = step

    @property
    def path(self) -> SessionPath:
        """Where they stand."""
        return ("chaincodes", self._step.chosen or "", "check")

    def _checks(self) -> list[dict[str, Any]]:
        found = self._step.draft.get(self.path)
        return [one if isinstance(one, dict) else {} for one in found] if isinstance(found, list) else []

    def draw(self) -> None:
        """Show those of the chosen chaincode."""
        rows, cells = [], {}
        for at, check in enumerate(self._checks()):
            key, kind = str(at), _kind(check)
            words = check.get(kind)
            rows.append((key, Cell(str(at + 1))))
            cells[key, "kind"] = Cell(kind)
            cells[key, "words"] = Cell(shlex.join(map(str, words)) if isinstance(words, list) else str(words or ""))
            cells[key, "expect"] = Cell(str(check.get("expect") or ""))
            cells[key, "channel"] = Cell(str(check["channel"])) if check.get("channel") else Cell("all", "dim")
            asking = check.get("organization")
            cells[key, "organization"] = Cell(str(asking)) if asking else Cell("any", "dim")
        self.fill(_COLUMNS, rows, cells)

    @on(Grid.Chosen)
    def _change(self, event: Grid.Chosen) -> None:
        event.stop()
        if self.row is None or self.column is None:
            return
        at, data = int(self.row), self._step.draft.data
        path, kind = (*self.path, at), _kind(self._checks()[at])
        if self.column == "kind":
            other = "invoke" if kind == "query" else "query"
            words = self._checks()[at].get(kind)
            self._step.change(f"check {at + 1}", [Edit((*path, kind)), Edit((*path, other), words or [])])
        elif self.column == "words":
            change_setting(self._step, (*path, kind), f"Which function to {kind}, with which arguments?")
        elif self.column == "expect":
            change_setting(self._step, (*path, "expect"), "Which answer must come? Empty: any.")
        elif self.column == "channel":
            known = placing.names(data, "chaincodes", str(self.path[1]), "channels")
            change_setting(self._step, (*path, "channel"), "Call it on which channel?", known)
        else:
            known = list(placing.mapping(data, "organizations"))
            change_setting(self._step, (*path, "organization"), "Which organization calls it?", known)

    @on(ListGrid.Wanted)
    def _wanted(self, event: ListGrid.Wanted) -> None:
        event.stop()
        if event.what == "add":
            question = "Which function to call, with which arguments? Such as: query a"
            ask(self, question, "query a", "New check", self._add)
        elif self.row is not None:
            self._step.change(f"remove check {int(self.row) + 1}", [Edit((*self.path, int(self.row)))])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """One alone has no order."""
        if action == "order":
            return len(self.rows) > 1
        return super().check_action(action, parameters)

    def action_order(self, by: int) -> None:
        """Call it earlier, or later."""
        if self.row is not None:
            at = int(self.row)
            if edits := placing.moved_item(self._step.draft.data, self.path, at, by):
                self._step.change(f"check {at + 1} becomes check {at + by + 1}", edits)
                self.put(str(at + by))

    def _add(self, text: str) -> None:
        try:
            words = shlex.split(text)
        except ValueError as error:
            self.notify(f"{text}: {error}", severity="error", markup=False)
            return
        kind = "query" if words[:1] and words[0].lower().startswith(("query", "get", "read")) else "invoke"
        at = len(self._checks())
        self._step.change(f"add check {at + 1}", [Edit((*self.path, at), {kind: words})])
        self.put(str(at))


def _kind(check: dict[str, Any]) -> str:
    return "invoke" if "invoke" in check else "query"
