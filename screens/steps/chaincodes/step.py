"""Chaincodes: a table of them and their channels, and all about the chosen one."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Button, Static

from fabwiz.editing import beginnings, placing, policies, removing
from fabwiz.editing.draft import Settled
from fabwiz.editing.sources import whereabouts
from fabwiz.session.findings import Edit, SessionPath
from screens.step import Step
from screens.steps.asking import ask, ask_name
from screens.steps.chaincodes.checks import Checks
from screens.steps.chaincodes.collections import Collections
from screens.steps.chaincodes.policy_dialog import PolicyDialog
from screens.widgets.field import Field
from screens.widgets.fold import Fold
from screens.widgets.grid import Grid
from screens.widgets.grid_cells import Cell, Column
from screens.widgets.list_grid import ListGrid
from screens.widgets.ticks import tick

_MEMBER = "Fabric's default: a transaction needs the signature of any member of the channel."


class Chaincodes(Step):
    """What runs on the channels."""

    KEY = "chaincodes"
    TITLE = "Chaincodes"
    HELP = """# Chaincodes

A **chaincode** is the program that reads and writes a ledger. It is installed on the peers of its channels and
instantiated on each channel with **init** arguments.

- **Path**: a folder with its source, beside the session file; or the name of a sample that comes with fabwiz, such as
  `chaincode_example02`, which moves an amount from `a` to `b`.
- **Policy**: whose peers must sign a transaction. Build it from a list, or type it as Fabric writes it.
- **Checks**: calls that prove, after every run, that the network works: a query with the answer that must come, an
  invocation.
- **Collections**: private data that only some members hold (Fabric 1.2 and later).

| key | does |
|---|---|
| `a`, `r`, `d` | add, rename, remove |
| Space, Enter | tick a channel; change the cell under the cursor |
| Tab | from the table to the fields, the checks, the collections |

Arguments are typed like words in a shell: `init a 100 "two words"`.
"""
    CLAIMS: ClassVar[tuple[str, ...]] = ("chaincodes",)

    def compose(self) -> ComposeResult:
        """The table, and what is said of the chosen one."""
        yield ListGrid(
            "chaincode-list",
            "Chaincode",
            "No chaincode yet: a adds one.",
            "a adds, r renames, d removes; Space ticks channels; Tab goes to the fields",
        )
        with Vertical(id="chaincode-detail"):
            yield self._field("version", "Version")
            yield self._field("language", "Language")
            yield self._field("path", "Path of the source")
            yield Static("", id="chaincode-source", markup=False, classes="told")
            yield self._field("policy", "Policy")
            yield Static("", id="policy-words", markup=False, classes="told")
            yield Button("Build the policy from a list", id="policy-build", compact=True)
            yield self._field("init", "Init arguments")
            yield Checks(self)
            with Fold("Private data collections", "chaincode-collections"):
                yield Collections(self)

    @staticmethod
    def _field(setting: str, label: str) -> Field:
        return Field(("chaincodes", "", setting), label)

    @property
    def overview(self) -> Grid:
        """All chaincodes."""
        return self.query_one("#chaincode-list", Grid)

    @property
    def chosen(self) -> str | None:
        """The one whose settings are shown."""
        return self.overview.row

    def show(self) -> None:
        """All that the draft says."""
        data = self.draft.data
        channels = list(placing.mapping(data, "channels"))
        rows = [(name, Cell(name)) for name in placing.mapping(data, "chaincodes")]
        cells: dict[tuple[str, str], Cell] = {}
        for name, _ in rows:
            running = placing.names(data, "chaincodes", name, "channels")
            cells |= {(name, channel): tick(channel in running) for channel in channels}
            strangers = [one for one in running if one not in channels]
            cells |= {(name, one): Cell("no such channel", "error", "?") for one in strangers}
            channels += strangers
        self.overview.fill([Column(channel, channel) for channel in channels], rows, cells)
        self._turn()
        super().show()
        self._draw()

    def judge(self, settled: Settled) -> None:
        """Findings at the fields; where the source was found."""
        super().judge(settled)
        self._find()

    def _find(self) -> None:
        path = self.draft.get(("chaincodes", self.chosen or "", "path"))
        base = self.draft.path.parent if self.draft.path else None
        self.query_one("#chaincode-source", Static).update(whereabouts(str(path or ""), base))

    def reveal(self, path: SessionPath) -> None:
        """The field, the check or the collection."""
        self.overview.put(str(path[1]) if len(path) > 1 else None)
        self._turn()
        below, name = (path[2] if len(path) > 2 else ""), (str(path[3]) if len(path) > 3 else None)
        if below in ("check", "collections"):
            if below == "collections":
                self.query_one(Fold).collapsed = False
            grid = self.query_one(Checks if below == "check" else Collections)
            grid.put(name)
            grid.focus()
        elif below == "channels" or not below:
            self.overview.focus()
        else:
            super().reveal(path)

    @on(Grid.Moved, "#chaincode-list")
    def _turn(self) -> None:
        name = self.chosen
        self.query_one("#chaincode-detail").display = name is not None
        for field in self.query(Field):
            field.turn_to(("chaincodes", name or "", *field.path[2:]))
        self._draw()
        self._find()

    def _draw(self) -> None:
        data = self.draft.data
        self.query_one(Checks).draw()
        self.query_one(Collections).draw()
        policy = placing.mapping(data, "chaincodes", self.chosen or "").get("policy")
        by_msp, release = policies.organizations_by_msp(data), policies.release_of(data)
        words = policies.in_words(str(policy), release, by_msp) if policy else _MEMBER
        self.query_one("#policy-words", Static).update(words)

    @on(Button.Pressed, "#policy-build")
    def _build(self) -> None:
        data, name = self.draft.data, self.chosen or ""
        by_msp = policies.organizations_by_msp(data)
        if not by_msp:
            self.notify("there is no organization yet: add them in the step Organizations first", severity="warning")
            return
        dialog = PolicyDialog(by_msp, policies.signers(data, name), policies.release_of(data))
        self.app.push_screen(dialog, lambda text: self._policy(name, text))

    def _policy(self, name: str, text: str | None) -> None:
        if text is not None:
            self.change(f"policy of {name}", [Edit(("chaincodes", name, "policy"), text)])

    @on(Grid.Chosen, "#chaincode-list")
    def _toggle(self) -> None:
        name, channel, data = self.chosen, self.overview.column, self.draft.data
        if name is None or channel is None:
            return
        path = ("chaincodes", name, "channels")
        if channel in placing.names(data, *path):
            edits = removing.without_member(data, path, channel)
        else:
            edits = [placing.with_item(data, path, channel, list(placing.mapping(data, "channels")))]
        self.change(f"{name} on {channel}", edits)

    @on(ListGrid.Wanted, "#chaincode-list")
    def _wanted(self, event: ListGrid.Wanted) -> None:
        name, data = self.chosen, self.draft.data
        if event.what == "add":
            first = beginnings.next_of(data, "chaincodes", "mycc")
            ask(self, "What is the chaincode called?", first, "New chaincode", self._add)
        elif name and event.what == "rename":
            ask_name(self, f"What is {name} to be called?", name, "Rename", lambda new: self._rename(name, new))
        elif name:
            self.change(f"remove {name}", [Edit(("chaincodes", name))])
            self.notify(f"{name} is removed (F7 takes it back)", timeout=3, markup=False)

    def _add(self, name: str) -> None:
        if name in placing.mapping(self.draft.data, "chaincodes"):
            self.notify(f"{name} is there already", severity="error", markup=False)
        elif self.change(f"add {name}", [beginnings.new_chaincode(self.draft.data, name)]):
            self.overview.put(name)
            self._turn()

    def _rename(self, old: str, new: str) -> None:
        if self.change(f"rename {old} to {new}", [Edit(("chaincodes", old), key=new)]):
            self.overview.put(new)
            self._turn()
