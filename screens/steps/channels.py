"""Channels by organizations: who shares which ledger."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from fabwiz.editing import beginnings, placing, removing, renaming
from fabwiz.editing.draft import Settled
from fabwiz.editing.words import listed
from fabwiz.session.findings import Edit, SessionPath
from fabwiz.session.network import DEFAULT_CONSORTIUM, Network
from screens.step import Step
from screens.steps.asking import ask, ask_name, pick
from screens.widgets.grid import Grid
from screens.widgets.grid_cells import Cell, Column
from screens.widgets.list_grid import ListGrid
from screens.widgets.ticks import tick

_MOST_PEERS = 6
_CONSORTIUM = "\0consortium"
"""The key of that column; no organization has a zero byte in its name."""


class Channels(Step):
    """One row a channel, one column an organization."""

    KEY = "channels"
    TITLE = "Channels"
    HELP = """# Channels

A **channel** is a ledger of its own, which only its members see. All peers of a member join it. Most networks begin
with one channel of all organizations.

A **consortium** may make channels of its members; it matters only where there are several.

| key | does |
|---|---|
| `a`, `r`, `d` | add, rename, remove a channel; chaincodes and checks on it follow |
| Space, Enter | tick an organization, choose a consortium |
"""
    CLAIMS: ClassVar[tuple[str, ...]] = ("channels",)

    def compose(self) -> ComposeResult:
        """The channels, and a line about the one under the cursor."""
        yield ListGrid(
            "channel-list",
            "Channel",
            "No channel yet: a adds one.",
            "a adds, r renames, d removes; Space ticks members, or chooses the consortium",
        )
        yield Static("", id="channel-about", markup=False)

    def __init__(self) -> None:
        super().__init__()
        self._network: Network | None = None

    @property
    def overview(self) -> Grid:
        """All channels."""
        return self.query_one("#channel-list", Grid)

    def show(self) -> None:
        """Members of all channels."""
        data = self.draft.data
        organizations = list(placing.mapping(data, "organizations"))
        default = next(iter(placing.mapping(data, "consortiums")), DEFAULT_CONSORTIUM)
        rows = [(name, Cell(name)) for name in placing.mapping(data, "channels")]
        cells: dict[tuple[str, str], Cell] = {}
        for name, _ in rows:
            consortium = placing.mapping(data, "channels", name).get("consortium")
            cells[name, _CONSORTIUM] = Cell(str(consortium)) if consortium else Cell(default, "dim")
            members = placing.names(data, "channels", name, "organizations")
            cells |= {(name, one): tick(one in members) for one in organizations}
            strangers = [one for one in members if one not in organizations]
            cells |= {(name, one): Cell("no such organization", "error", "?") for one in strangers}
            organizations += strangers
        columns = [Column(name, name, 8) for name in organizations]
        self.overview.fill([*columns, Column(_CONSORTIUM, "Consortium", 24)], rows, cells)
        self._about()

    def judge(self, settled: Settled) -> None:
        """Which peers join is known now."""
        self._network = settled.network
        self._about()

    def reveal(self, path: SessionPath) -> None:
        """The row of the channel."""
        column = _CONSORTIUM if path[2:] == ("consortium",) else None
        if len(path) > 3 and path[2] == "organizations":
            column = str(self.draft.get(path))
        self.overview.put(str(path[1]) if len(path) > 1 else None, column)
        self.overview.focus()

    @on(Grid.Moved)
    def _about(self) -> None:
        channel = self._network.channels.get(self.overview.row or "") if self._network else None
        text = ""
        if channel:
            peers = [peer.name for peer in channel.peers]
            joins = "joins" if len(peers) == 1 else "join"
            text = f"{listed(peers, _MOST_PEERS)} {joins} it." if peers else "No peer joins it."
        self.query_one("#channel-about", Static).update(text)

    @on(Grid.Chosen)
    def _change(self) -> None:
        name, column, data = self.overview.row, self.overview.column, self.draft.data
        if name is None or column is None:
            return
        if column == _CONSORTIUM:
            known = list(placing.mapping(data, "consortiums")) or [DEFAULT_CONSORTIUM]
            choices = [("", f"the first one: {known[0]}"), *((one, one) for one in known)]
            now = placing.mapping(data, "channels", name).get("consortium")
            pick(self, f"Which consortium makes {name}?", choices, lambda one: self._consortium(name, one), now)
            return
        path = ("channels", name, "organizations")
        if column in placing.names(data, *path):
            edits = removing.without_member(data, path, column)
        else:
            edits = [placing.with_item(data, path, column, list(placing.mapping(data, "organizations")))]
        self.change(f"{column} in {name}", edits)

    def _consortium(self, name: str, consortium: str) -> None:
        self.change(f"consortium of {name}", [Edit(("channels", name, "consortium"), consortium or None)])

    @on(ListGrid.Wanted)
    def _wanted(self, event: ListGrid.Wanted) -> None:
        name, data = self.overview.row, self.draft.data
        if event.what == "add":
            first = beginnings.next_of(data, "channels", "mychannel")
            ask(self, "What is the channel called?", first, "New channel", self._add)
        elif name and event.what == "rename":
            ask_name(self, f"What is {name} to be called?", name, "Rename", lambda new: self._rename(name, new))
        elif name:
            self.change(f"remove {name}", removing.remove_channel(data, name))
            self.notify(f"{name} is removed (F7 takes it back)", timeout=3, markup=False)

    def _add(self, name: str) -> None:
        if name in placing.mapping(self.draft.data, "channels"):
            self.notify(f"{name} is there already", severity="error", markup=False)
        elif self.change(f"add {name}", [beginnings.new_channel(self.draft.data, name)]):
            self.overview.put(name)

    def _rename(self, old: str, new: str) -> None:
        if self.change(f"rename {old} to {new}", renaming.rename_channel(self.draft.data, old, new)):
            self.overview.put(new)
