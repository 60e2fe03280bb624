"""Organizations: a list, all about the chosen one, its peers, and consortiums."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Collapsible

from fabwiz.editing import beginnings, placing, removing, renaming
from fabwiz.editing.draft import Settled
from fabwiz.session.findings import SessionPath
from fabwiz.session.model import Subject
from screens.step import Step
from screens.steps.asking import ask, ask_name
from screens.steps.organizations.consortiums import Consortiums
from screens.steps.organizations.peers import Peers
from screens.widgets.field import Field
from screens.widgets.fold import Fold
from screens.widgets.grid import Grid
from screens.widgets.grid_cells import Cell, Column
from screens.widgets.list_grid import ListGrid

_COLUMNS = (
    Column("domain", "Domain", 30),
    Column("msp", "MSP id", 16),
    Column("peers", "Peers"),
    Column("anchors", "Anchors"),
)
_SETTINGS = {"domain": "Domain", "msp_id": "MSP id", "users": "Users beside Admin"}


class Organizations(Step):
    """Who takes part."""

    KEY = "organizations"
    TITLE = "Organizations"
    HELP = """# Organizations

An **organization** is a member of the network: a company, a department. It has **peers**, which keep its copies of
the ledgers, and people with keys: an Admin, and as many users as you say. Its **MSP id** is the name by which policies
know it; its **domain** names its peers: `peer0` becomes `peer0.org1.example.com`.

- **Anchors** are the peers that other organizations talk to. Tick one, or two, of each organization.
- **CouchDB** beside a peer keeps its state in a database that can be asked by contents; without it, LevelDB is used.
- **Tools** adds the familiar `cli` container beside a peer.
- A **consortium** is a group of organizations that may make channels together. While you name none, there is one of
  all organizations, which is what most networks want.

| key | does |
|---|---|
| `a`, `r`, `d` | add, rename, remove; whatever refers to it follows |
| Space, Enter | change or tick what is under the cursor |
| Tab | from the list to the fields, the peers, the consortiums |
"""
    CLAIMS: ClassVar[tuple[str, ...]] = ("organizations", "consortiums")

    def compose(self) -> ComposeResult:
        """The list, and what is said of the chosen one."""
        yield ListGrid(
            "organization-list",
            "Organization",
            "No organization yet: a adds one.",
            "a adds, r renames, d removes; Enter or Tab goes to the fields",
        )
        with Vertical(id="organization-detail"):
            for setting, label in _SETTINGS.items():
                yield Field(("organizations", "", setting), label)
            yield Peers(self)
            yield Fold("Subject of its certificates", "organization-subject")
        yield Consortiums(self)

    @property
    def overview(self) -> Grid:
        """All organizations."""
        return self.query_one("#organization-list", Grid)

    @property
    def chosen(self) -> str | None:
        """The one whose settings are shown."""
        return self.overview.row

    def show(self) -> None:
        """All that the draft says."""
        data, rows, cells = self.draft.data, [], {}
        for name in placing.mapping(data, "organizations"):
            said = placing.mapping(data, "organizations", name)
            rows.append((name, Cell(name)))
            peers = placing.mapping(said, "peers")
            msp_id = said.get("msp_id")
            cells[name, "domain"] = Cell(str(said.get("domain") or ""))
            cells[name, "msp"] = Cell(str(msp_id), "") if msp_id else Cell(f"{name}MSP", "dim")
            cells[name, "peers"] = Cell(str(len(peers)))
            cells[name, "anchors"] = Cell(" ".join(placing.names(said, "anchors")))
        self.overview.fill(_COLUMNS, rows, cells)
        self._turn()
        super().show()
        self.query_one(Peers).draw()
        self.query_one(Consortiums).draw()

    def judge(self, settled: Settled) -> None:
        """Findings at the fields, ports that are given by themselves."""
        super().judge(settled)
        self.query_one(Peers).judge(settled)

    def reveal(self, path: SessionPath) -> None:
        """The field, the peer or the consortium."""
        if path[0] == "consortiums":
            self.query_one(Consortiums).put(str(path[1]) if len(path) > 1 else None)
            self.query_one(Consortiums).focus()
            return
        self.overview.put(str(path[1]) if len(path) > 1 else None)
        self._turn()
        below = path[2] if len(path) > 2 else ""
        if below in ("peers", "anchors"):
            self.query_one(Peers).draw()
            self.query_one(Peers).put(str(path[3]) if len(path) > 3 else None)
            self.query_one(Peers).focus()
        elif below:
            if below == "subject":
                self.query_one(Fold).collapsed = False
                self.call_later(self._unfold, path)
            else:
                super().reveal(path)
        else:
            self.overview.focus()

    @on(Grid.Moved, "#organization-list")
    def _turn(self) -> None:
        """Everything below the list is about the chosen one."""
        name = self.chosen
        self.query_one("#organization-detail").display = name is not None
        for field in self.query(Field):
            field.turn_to(
                ("organizations", name or "", *field.path[2:]),
                f"{name}MSP" if field.path[2] == "msp_id" else None,
            )
        self.query_one(Peers).draw()

    @on(Collapsible.Expanded)
    async def _expanded(self) -> None:
        await self._unfold()

    async def _unfold(self, path: SessionPath = ()) -> None:
        """Make the fields of the subject when they are first wanted: few need them, and they take their time."""
        contents = self.query_one(Fold).query_one(Collapsible.Contents)
        if not contents.children:
            name = self.chosen or ""
            await contents.mount_all(
                Field(("organizations", name, "subject", setting), setting.replace("_", " ").capitalize())
                for setting in Subject.model_fields
            )
        if path:
            super().reveal(path)

    @on(Grid.Chosen, "#organization-list")
    def _into(self) -> None:
        next(iter(self.query(Field))).focus_inside()

    @on(ListGrid.Wanted, "#organization-list")
    def _wanted(self, event: ListGrid.Wanted) -> None:
        name = self.chosen
        if event.what == "add":
            proposal = beginnings.next_of(self.draft.data, "organizations", "Org1")
            ask(self, "What is the organization called?", proposal, "New organization", self._add)
        elif name and event.what == "rename":
            ask_name(self, f"What is {name} to be called?", name, "Rename", lambda new: self._rename(name, new))
        elif name:
            self.change(f"remove {name}", removing.remove_organization(self.draft.data, name))
            self.notify(f"{name} is removed (F7 takes it back)", timeout=3, markup=False)

    def _add(self, name: str) -> None:
        if name in placing.mapping(self.draft.data, "organizations"):
            self.notify(f"{name} is there already", severity="error", markup=False)
        elif self.change(f"add {name}", [beginnings.new_organization(self.draft.data, name)]):
            self.overview.put(name)
            self._turn()

    def _rename(self, old: str, new: str) -> None:
        if self.change(f"rename {old} to {new}", renaming.rename_organization(self.draft.data, old, new)):
            self.overview.put(new)
            self._turn()
