"""Hosts by kinds of nodes: what stands where, as cells of a grid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType

from fabwiz.editing.placing import Place, groups, mapping, placed, title
from fabwiz.session.findings import SessionPath, dotted
from screens.marks import marks
from screens.widgets.grid import Grid
from screens.widgets.grid_cells import GAP, Cell, Column, share

if TYPE_CHECKING:
    from screens.steps.roles.step import Roles

_LOSING = Column("losing", "If it is lost", fills=True)
_LEAST_NAME = 10
"""Cells of a node's name that are shown even where the matrix must be scrolled then."""
_LEAST_LOSING = 20
"""Cells that the last column must have to say anything."""


class Matrix(Grid):
    """One row a host, one column a kind of node. `held` is a node that is being moved."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Drop here"),
        Binding("escape", "let_go", "Leave it"),
        Binding("z", "place('zookeeper')", "ZooKeeper"),
        Binding("k", "place('kafka')", "Kafka"),
        Binding("o", "place('orderers')", "Orderer"),
        Binding("p", "do('place_peer')", "Peer"),
        Binding("space,plus,insert", "add", "Add", key_display="+"),
        Binding("backspace,minus", "do('take_last')", "Less", key_display="-"),
        Binding("m", "do('hold')", "Move"),
        Binding("d,delete", "do('take')", "Remove", key_display="d"),
        Binding("r", "do('rename')", "Rename"),
        Binding("e", "do('edit')", "Ports"),
        Binding("s", "do('spread')", "Spread for me"),
    ]
    hint = "z k o p place a node on the row's host; + - in the cell; s spreads for you"

    def __init__(self, step: Roles) -> None:
        self._step = step
        super().__init__("matrix", "Host", "No hosts yet: list them in the step Hosts, then come back.")
        self.groups: dict[str, SessionPath] = {}
        self.held: SessionPath | None = None
        self._standing: dict[tuple[str, str], list[Place]] = {}
        self._losing: Mapping[str, str] = {}
        self._data: Any = None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enter and Escape mean something only while a node is moved."""
        return self.held is not None if action in ("choose", "let_go") else True

    def action_place(self, section: str) -> None:
        """One more node of a kind on the row's host."""
        self._step.place((section,))

    def action_add(self) -> None:
        """One more of the column's kind."""
        if self.group:
            self._step.place(self.group)

    def action_do(self, what: str) -> None:
        """What the step does with the row and column of the cursor."""
        getattr(self._step, what)()

    def action_choose(self) -> None:
        """Put down what is moved."""
        if self.held:
            self._step.drop()

    def action_let_go(self) -> None:
        """Leave it where it is."""
        self._step.let_go()

    @property
    def group(self) -> SessionPath | None:
        """The kind of node of the cursor's column."""
        return self.groups.get(self.column or "")

    def here(self) -> list[Place]:
        """The nodes in the cursor's cell."""
        return list(self._standing.get((self.row or "", self.column or ""), ()))

    def on_this_host(self) -> list[Place]:
        """All nodes of the cursor's row."""
        return [node for column in self.groups for node in self._standing.get((self.row or "", column), ())]

    def all_nodes(self) -> list[Place]:
        """Every node."""
        return [node for nodes in self._standing.values() for node in nodes]

    def draw(self, data: Any, losing: Mapping[str, str] | None = None) -> None:
        """Show a session's plain data; `losing`, what each host's loss would take with it, stays if it is not given."""
        self._data = data
        if losing is not None:
            self._losing = losing
        self.groups = {dotted(group): group for group in groups(data)}
        hosts = list(mapping(data, "hosts"))
        self._standing = {}
        for node in placed(data):
            self._standing.setdefault((node.host, dotted(node.group)), []).append(node)
        if self.held and not any(node.path == self.held for node in self.all_nodes()):
            self.held = None  # it was removed, or undone
        known = set(hosts)
        strangers = dict.fromkeys(host for host, _ in self._standing if host not in known)
        rows = [(host, self._host_cell(host)) for host in hosts]
        rows += [(host, Cell(f"{host}: no such host", "error")) for host in strangers]
        columns = [Column(key, title(group), 24, least=_LEAST_NAME) for key, group in self.groups.items()]
        cells = {place: self._nodes_cell(nodes) for place, nodes in self._standing.items()}
        names = max((len(cell.text) for _, cell in rows), default=0)
        room = self.size.width - min(names, self.most_name) - GAP * (len(columns) + 1)
        losses = {(host, _LOSING.key): Cell(text, "warning") for host, text in self._losing.items() if text}
        if losses and room - sum(share(columns, cells, room)) >= _LEAST_LOSING:
            columns.append(_LOSING)
            cells |= losses
        self.fill(columns, rows, cells)

    def hold(self, node: SessionPath | None) -> None:
        """Say which node is moved from now on."""
        self.held = node
        self.draw(self._data)
        self.refresh_bindings()

    def _host_cell(self, host: str) -> Cell:
        return Cell(f"{host} {marks().warning}", "warning") if self._losing.get(host) else Cell(host)

    def _nodes_cell(self, nodes: list[Place]) -> Cell:
        held = any(node.path == self.held for node in nodes)
        return Cell(" ".join(node.name for node in nodes), "held" if held else "", f"{len(nodes)}" if nodes[1:] else "")
