"""The hosts as a table: what each says of itself, and what a test found out about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fabwiz.deploy.host_report import HostReport
from fabwiz.editing import hosts, renaming
from fabwiz.editing.placing import mapping
from fabwiz.session.findings import Finding
from screens.marks import marks
from screens.steps.hosts import report_cells
from screens.widgets.editable_grid import EditableGrid
from screens.widgets.grid import NAME
from screens.widgets.grid_cells import Cell, Column

if TYPE_CHECKING:
    from screens.step import Step

_WIDTHS = {
    "address": (15, 39),
    "user": (8, 16),
    "port": (5, 5),
    "key": (12, 24),
    "jump": (8, 20),
    "sudo": (12, 12),
    "folder": (10, 30),
    "agent": (5, 5),
    "timeout": (5, 8),
}
"""Cells that a column needs, and that it takes where there is room."""
_ABOUT_NAME = "What the session calls the machine. What is placed on it, or goes through it, follows when you rename it"


class HostsTable(EditableGrid):
    """One row a host. Dim texts hold for all hosts, or are defaults."""

    def __init__(self, step: Step) -> None:
        super().__init__("hosts-table", "Host", "No hosts yet: press a to add one, or paste a table of them.")
        self._step = step
        self._findings: Mapping[tuple[str, str], Finding] = {}
        self._reports: Mapping[str, HostReport] = {}

    # -- drawing -------------------------------------------------------------------------------------------------

    def judge(self, findings: Sequence[Finding]) -> None:
        """Mark the cells that findings are about."""
        found: dict[tuple[str, str], Finding] = {}
        for finding in sorted(findings, key=lambda one: not one.blocks):
            if place := hosts.place_of(finding.path):
                found.setdefault((place[0], place[1] or NAME), finding)
        self._findings = found
        self.draw(self._reports)

    def draw(self, reports: Mapping[str, HostReport]) -> None:
        """Show the draft, and what tests found."""
        self._reports = reports
        data = self._step.draft.data
        names = list(mapping(data, "hosts"))
        columns = [_column(one) for one in hosts.SETTINGS]
        if any(name in reports for name in names):
            columns = [report_cells.TEST, *columns, *report_cells.FACTS]
        cells: dict[tuple[str, str], Cell] = {}
        for name in names:
            for setting in hosts.SETTINGS:
                said = hosts.said(data, name, setting)
                if said.text or (name, setting.key) in self._findings:
                    cells[name, setting.key] = self._cell(name, setting.key, said.text or "missing", said.own)
            if report := reports.get(name):
                cells |= {(name, key): cell for key, cell in report_cells.cells(report).items()}
        self.fill(columns, [(name, self._cell(name, NAME, name, True)) for name in names], cells)

    def _cell(self, name: str, key: str, text: str, own: bool) -> Cell:
        finding = self._findings.get((name, key))
        if not finding:
            return Cell(text, "" if own else "dim")
        signs = marks()
        return Cell(f"{signs.error} {text}", "error") if finding.blocks else Cell(f"{signs.warning} {text}", "warning")

    def hint_at(self, row: str | None, column: str | None) -> str:
        """The finding of the cell, else what the column is about."""
        if row is not None and column is not None and (finding := self._findings.get((row, column))):
            return finding.message
        if column == NAME or column is None:
            return _ABOUT_NAME
        setting = hosts.BY_KEY.get(column)
        if setting is None:
            return "What the test of the host found; t tries it again"
        choices = f" ({', '.join(setting.choices)})" if setting.choices else ""
        return f"{setting.title}: {setting.about}{choices}"

    # -- what is typed -------------------------------------------------------------------------------------------

    @property
    def _data(self) -> Any:
        return self._step.draft.data

    def editable(self, row: str, column: str) -> bool:
        """Everything but what tests found."""
        del row
        return column not in report_cells.KEYS

    def text(self, row: str, column: str) -> str:
        """The host's own word; what holds for all is not repeated."""
        said = hosts.said(self._data, row, hosts.BY_KEY[column])
        return said.text if said.own else ""

    def suggestions(self, row: str, column: str) -> Sequence[str]:
        """The few words that may stand there; names of other hosts to go through."""
        if column == "jump":
            return [name for name in mapping(self._data, "hosts") if name != row] + ["none"]
        return hosts.BY_KEY[column].choices

    def typed(self, row: str, column: str, text: str, merge: object) -> None:
        """Change the draft with each keystroke."""
        setting = hosts.BY_KEY[column]
        self._step.change(f"{setting.title.lower()} of {row}", hosts.say(self._data, row, setting, text), merge)

    def created(self, name: str) -> bool:
        """A host with that name, unless there is one."""
        if self._is_taken(name):
            return False
        return self._step.change(f"add {name}", hosts.add(name))

    def renamed(self, row: str, name: str) -> bool:
        """Another name; whatever speaks of the host follows."""
        if self._is_taken(name):
            return False
        return self._step.change(f"rename {row} to {name}", renaming.rename_host(self._data, row, name))

    def _is_taken(self, name: str) -> bool:
        taken = name in mapping(self._data, "hosts")
        if taken:
            self.notify(f"there is a host {name} already: give another name", severity="error", markup=False)
        return taken

    def removed(self, row: str) -> None:
        """Take a host away."""
        self._step.change(f"remove {row}", hosts.remove(self._data, row))
        self.notify(f"removed {row} (F7 takes it back)", timeout=3, markup=False)


def _column(setting: hosts.HostSetting) -> Column:
    least, most = _WIDTHS.get(setting.key, (0, 12))
    return Column(setting.key, setting.title, most, least=least)
