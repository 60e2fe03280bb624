"""A grid of things that have names: they are added, renamed and removed by single keys."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from screens.widgets.grid import Grid


class ListGrid(Grid):
    """`Wanted` says what somebody wants to do with the row of the cursor; Space and Enter choose the cell."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a,insert", "want('add')", "Add", key_display="a"),
        Binding("space", "choose", "Change"),
        Binding("r", "want('rename')", "Rename"),
        Binding("d,delete", "want('remove')", "Remove", key_display="d"),
    ]

    class Wanted(Grid.Told):
        """`what` is `add`, `rename` or `remove`."""

        def __init__(self, grid: Grid, what: str) -> None:
            super().__init__(grid)
            self.what = what

    def __init__(self, key: str, corner: str, empty: str, hint: str, names: bool = True) -> None:
        """`names`: the rows have names that can be changed."""
        super().__init__(key, corner, empty)
        self.hint = hint
        self._names = names

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Rows without names are not renamed, and what is not there is not changed."""
        if parameters == ("rename",) and not self._names:
            return False
        return bool(self.rows) or parameters not in (("rename",), ("remove",))

    def action_want(self, what: str) -> None:
        """Tell whoever knows what the rows are."""
        self.post_message(self.Wanted(self, what))
