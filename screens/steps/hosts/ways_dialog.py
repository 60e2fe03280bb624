"""Which host gets through to which: a matrix, and what to open where one does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from fabwiz.deploy.host_report import HostReport
from screens.marks import marks
from screens.widgets.grid import Grid
from screens.widgets.grid_cells import Cell, Column

if TYPE_CHECKING:
    from fabwiz.deploy.reach import Reach

_MOST = 40
"""Hosts up to which all are shown; of more, those between which something is shut."""


class WaysDialog(ModalScreen[None]):
    """One row a host, one column each host that it needs ports of."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,w,q,enter", "dismiss(None)", "Close", key_display="esc")]

    def __init__(self, reports: Mapping[str, HostReport]) -> None:
        super().__init__()
        found = [one for report in reports.values() for one in report.ways or ()]
        if len(reports) > _MOST:
            found = [one for one in found if one.shut]
        self._found: dict[tuple[str, str], Reach] = {(one.host, one.target): one for one in found}
        self._unasked = [name for name, report in reports.items() if report.reached and report.ways is None]

    def compose(self) -> ComposeResult:
        """The matrix, what the cell says, and what all this is."""
        with Vertical(classes="dialog ways") as dialog:
            dialog.border_title = "Ports that hosts need of one another"
            dialog.border_subtitle = "escape closes"
            yield Grid("ways-matrix", "From", "no host needs a port of another one, or none was tested")
            yield Static("", id="ways-about", markup=False)
            yield Static(self._sum(), id="ways-sum", markup=False)

    def on_mount(self) -> None:
        """Draw, with the cursor where something is shut."""
        signs = marks()
        hosts = list(dict.fromkeys(host for host, _ in self._found))
        targets = list(dict.fromkeys(target for _, target in self._found))
        order = {name: at for at, name in enumerate(hosts)}
        targets.sort(key=lambda name: order.get(name, len(order)))
        cells = {}
        for key, one in self._found.items():
            if one.shut:
                cells[key] = Cell(f"{signs.error} {len(one.shut)}", "error")
            else:
                cells[key] = Cell("?", "warning") if one.unclear else Cell(signs.done, "good")
        grid = self.query_one(Grid)
        grid.fill([Column(name, name, 12) for name in targets], [(name, Cell(name)) for name in hosts], cells)
        if first := next((key for key, one in self._found.items() if one.shut), None):
            grid.put(*first)
        grid.focus()
        self._about()

    @on(Grid.Moved)
    def _about(self) -> None:
        grid = self.query_one(Grid)
        one = self._found.get((grid.row or "", grid.column or ""))
        text = "no port is needed there" if grid.rows else ""
        if one and one.shut:
            text = f"from {one.host}, {one.message}\nremedy: {one.remedy}"
        elif one and one.unclear:
            text = f"{one.host} did not say what {one.unclear} of {one.asked} ports of {one.target} answer"
        elif one:
            count = f"the port that it needs of {one.target} answers"
            if one.asked > 1:
                count = f"all {one.asked} ports that it needs of {one.target} answer"
            text = f"{one.host}: {count}"
        self.query_one("#ways-about", Static).update(text)

    def _sum(self) -> str:
        from fabwiz.deploy.reach import CAUSE, remedy

        shut = [one for one in self._found.values() if one.shut]
        parts = []
        if shut:
            ways = f"{len(shut)} way{'' if len(shut) == 1 else 's'} between hosts"
            parts.append(f"Ports are shut on {ways}: {CAUSE}. To open them: {remedy(shut)}.")
        elif self._found:
            parts.append("Every port that a host needs of another one answers, or says that nothing listens there yet.")
        if self._unasked:
            parts.append(f"Not known of {', '.join(self._unasked)}: there is nothing there to ask with.")
        return " ".join(parts)
