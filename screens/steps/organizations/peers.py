"""The peers of one organization, one a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from fabwiz.editing import placing, renaming
from fabwiz.editing.draft import Settled
from fabwiz.editing.node_settings import node_settings
from fabwiz.session.findings import Edit, SessionPath
from fabwiz.session.network import Node
from screens.steps.asking import ask_name, change_setting, pick
from screens.widgets.grid import Grid
from screens.widgets.grid_cells import Cell, Column
from screens.widgets.list_grid import ListGrid
from screens.widgets.ticks import tick

if TYPE_CHECKING:
    from screens.steps.organizations.step import Organizations

_COLUMNS = (
    Column("host", "Host"),
    Column("port", "Port"),
    Column("anchor", "Anchor"),
    Column("couchdb", "CouchDB"),
    Column("tools", "Tools"),
    Column("chaincode_port", "Chaincode"),
    Column("events_port", "Events"),
)
_PORTS = {
    "port": "On which port does the peer listen?",
    "chaincode_port": "On which port does its chaincode reach the peer?",
    "events_port": "On which port do applications hear of its events (Fabric 1.0 to 1.2)?",
}


class Peers(ListGrid):
    """Where they run, their ports, and what else they are."""

    def __init__(self, step: Organizations) -> None:
        super().__init__(
            "peer-list",
            "Peer",
            "No peer yet: a adds one.",
            "a adds, r renames, d removes; Space or Enter changes the cell, or ticks it",
        )
        self._step = step
        self._known: dict[SessionPath, Node] = {}

    @property
    def path(self) -> SessionPath:
        """Where the peers stand."""
        return ("organizations", self._step.chosen or "", "peers")

    def draw(self) -> None:
        """Show the peers of the chosen organization."""
        data, rows, cells = self._step.draft.data, [], {}
        name = self._step.chosen or ""
        anchors = placing.names(data, "organizations", name, "anchors")
        for peer, said in placing.mapping(data, *map(str, self.path)).items():
            about = said if isinstance(said, dict) else {"host": said}
            rows.append((peer, Cell(peer)))
            cells[peer, "host"] = Cell(str(about.get("host") or ""))
            for setting in node_settings(data, (*self.path, peer), self._known.get((*self.path, peer))):
                if setting.name in _PORTS:
                    own = Cell(setting.said) if setting.said else Cell(setting.given, "dim")
                    cells[peer, setting.name] = own
            cells[peer, "anchor"] = tick(peer in anchors)
            cells[peer, "couchdb"] = tick(about.get("couchdb") is True)
            cells[peer, "tools"] = tick(about.get("tools") is True)
        used = {column for _, column in cells}
        self.fill([column for column in _COLUMNS if column.key in used], rows, cells)

    def judge(self, settled: Settled) -> None:
        """Ports that are given by themselves are known now."""
        self._known = {peer.path: peer for peer in settled.network.peers} if settled.network else {}
        self.draw()

    @on(Grid.Chosen)
    def _change(self, event: Grid.Chosen) -> None:
        event.stop()
        peer, what = self.row, self.column
        if peer is None:
            return
        path = (*self.path, peer)
        said = placing.mapping(self._step.draft.data, *map(str, path))
        if what == "host":
            self._ask_host(f"Where does {peer} run?", peer)
        elif what in _PORTS:
            change_setting(self._step, (*path, what), f"{_PORTS[what]} Empty: one is given by itself.")
        elif what == "anchor":
            self._toggle_anchor(peer)
        elif what:
            value = None if said.get(what) is True else True
            self._step.change(f"{what} of {peer}", [Edit((*path, what), value)])

    def _toggle_anchor(self, peer: str) -> None:
        data = self._step.draft.data
        path = ("organizations", self._step.chosen or "", "anchors")
        if peer in placing.names(data, *path):
            edits = placing.without_item(data, path, peer)
        else:
            edits = [placing.with_item(data, path, peer, [key for key, _ in self.rows])]
        self._step.change(f"anchor {peer}", edits)

    @on(ListGrid.Wanted)
    def _wanted(self, event: ListGrid.Wanted) -> None:
        event.stop()
        peer = self.row
        if event.what == "add":
            self._ask_host("Where does the new peer run?", None)
        elif peer and event.what == "rename":
            ask_name(self, f"What is {peer} to be called?", peer, "Rename", lambda new: self._rename(peer, new))
        elif peer:
            self._step.change(f"remove {peer}", placing.remove(self._step.draft.data, (*self.path, peer)))

    def _rename(self, old: str, new: str) -> None:
        edits = renaming.rename_node(self._step.draft.data, (*self.path, old), new)
        if self._step.change(f"rename {old} to {new}", edits):
            self.put(new)

    def _ask_host(self, question: str, peer: str | None) -> None:
        data = self._step.draft.data
        hosts = list(placing.mapping(data, "hosts"))
        if not hosts:
            self.notify("there is no host yet: list them in the step Hosts first", severity="warning")
            return
        now = next((node.host for node in placing.placed(data) if node.path == (*self.path, peer)), None)
        proposed = now or placing.likely_host(data, self.path)
        pick(self, question, [(host, host) for host in hosts], lambda host: self._set_host(peer, host), proposed)

    def _set_host(self, peer: str | None, host: str) -> None:
        if peer is None:
            edit = placing.place(self._step.draft.data, self.path, host)
            self._step.change(f"add {edit.path[-1]} on {host}", [edit])
            self.put(str(edit.path[-1]))
        else:
            self._step.change(f"move {peer} to {host}", [placing.move((*self.path, peer), host)])
