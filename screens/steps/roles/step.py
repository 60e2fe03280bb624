"""What runs where: hosts by kinds of nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from fabwiz.editing import beginnings, placing, renaming
from fabwiz.editing.consequences import carried, sentences
from fabwiz.editing.draft import Settled
from fabwiz.editing.node_settings import NodeSetting, node_settings
from fabwiz.editing.placing import Place
from fabwiz.rules import host_losses
from fabwiz.session.findings import Edit, SessionPath, dotted
from screens.step import Step
from screens.steps.asking import change_setting
from screens.steps.roles.matrix import Matrix
from screens.steps.roles.spread_dialog import SpreadDialog
from screens.widgets.dialogs import Ask
from screens.widgets.grid import Grid
from screens.widgets.pick import Pick


class Roles(Step):
    """Places, moves, renames and removes nodes; says what the loss of each host would cost."""

    KEY = "roles"
    TITLE = "Roles"
    HELP = """# Roles: what runs where

Each row is a machine, each column a kind of **node**, which is a container that does one job:

- **ZooKeeper** servers keep count of the Kafka brokers. They decide by majority, so take an odd number: 3, or 5.
- **Kafka** brokers keep the order of all transactions, each in several copies. Take 4: then one may fail, and channels
  can still be made.
- **Orderers** put transactions into blocks, and are what peers and clients talk to. Take at least 2.
- **Peers** keep the ledgers and run chaincode. Each belongs to an organization, which has a column of its own; two on
  different machines let one fail.

Nodes on one machine fail together. A `!` beside a machine says that the network does not bear its loss; the line below
the table says why. **`s` spreads nodes for you**, such that losing any one machine hurts least.

| key | does |
|---|---|
| arrows | to another machine or kind |
| `z` `k` `o` `p` | place a ZooKeeper server, a Kafka broker, an orderer, a peer on this row's machine |
| Space, `+` | place one more of this column's kind here |
| Backspace, `-` | take the last one here away |
| `d` | take one away: which one is asked where there are several |
| `m` | move: pick a node, go to another row, Enter drops it, Escape leaves it |
| `r` | rename; whatever refers to the node follows |
| `e` | its id and ports, which are given by themselves while you say nothing |
| `s` | spread for me |
"""
    CLAIMS: ClassVar[tuple[str, ...]] = ("zookeeper", "kafka", "orderers")

    def __init__(self) -> None:
        super().__init__()
        self._costs: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        """The matrix, and a line about its row."""
        yield Matrix(self)
        yield Static("", id="roles-about", markup=False)

    @property
    def matrix(self) -> Matrix:
        """Hosts by kinds of nodes."""
        return self.query_one(Matrix)

    def show(self) -> None:
        """Every node where the draft has it."""
        self.matrix.draw(self.draft.data)
        self._about()

    def judge(self, settled: Settled) -> None:
        """What the loss of each host would take with it."""
        network = settled.network
        losses = host_losses(network) if network else ()
        self._costs = {one.host: one.text for one in sentences(network)} if network else {}
        self.matrix.draw(self.draft.data, {one.host: ", ".join(carried(one.losses)) for one in losses})
        self._about()

    def reveal(self, path: SessionPath) -> None:
        """The cell of a node, or the column of its kind."""
        node = next((one for one in self.matrix.all_nodes() if path[: len(one.path)] == one.path), None)
        self.matrix.put(node.host if node else None, dotted(node.group if node else path[:1]))
        self.matrix.focus()

    # -- the line below ------------------------------------------------------------------------------------------

    @on(Grid.Moved)
    def _about(self) -> None:
        matrix = self.matrix
        if matrix.held:
            text = f"Moving {matrix.held[-1]}: go to a row, Enter drops it there, Escape leaves it where it is."
        else:
            text = self._costs.get(matrix.row or "", "")
        about = self.query_one("#roles-about", Static)
        if about.content != text:
            about.update(text)

    # -- placing -------------------------------------------------------------------------------------------------

    def place(self, group: SessionPath) -> None:
        """Put one more node of a kind on the row's host."""
        if host := self.matrix.row:
            edit = placing.place(self.draft.data, group, host)
            self.change(f"place {edit.path[-1]} on {host}", [edit])

    def place_peer(self) -> None:
        """Put a peer there: of the column's organization, or of the one that is asked for."""
        matrix, names = self.matrix, list(placing.mapping(self.draft.data, "organizations"))
        if not matrix.row:
            return
        if matrix.group and matrix.group[0] == "organizations":
            self.place(matrix.group)
        elif len(names) == 1:
            self.place(("organizations", names[0], "peers"))
        elif names:
            self._pick(
                f"A peer on {matrix.row}: of which organization?",
                [(name, name) for name in names],
                lambda name: self.place(("organizations", name, "peers")),
            )
        else:
            question = "Peers belong to organizations, and there is none yet. What is the first one called?"
            self.app.push_screen(Ask(question, "Org1", title="A first organization"), self._first_organization)

    def _first_organization(self, name: str | None) -> None:
        if (name := (name or "").strip()) and (host := self.matrix.row):
            edit = beginnings.new_organization(self.draft.data, name)
            path = ("organizations", name, "peers", "peer0")
            self.change(f"place peer0 of {name} on {host}", [edit, Edit(path, host)])
            self.matrix.put(column=dotted(path[:-1]))

    # -- taking away, moving, renaming ---------------------------------------------------------------------------

    def take_last(self) -> None:
        """Take the last node of the cell away."""
        if nodes := self.matrix.here():
            self._remove(nodes[-1])
        else:
            self._nothing()

    def take(self) -> None:
        """Take a node of the cell away."""
        self._one_of("Take which one away?", self.matrix.here(), self._remove)

    def hold(self) -> None:
        """Begin to move a node of the cell, or of the row where the cell is empty."""
        self._one_of(
            "Move which one?", self.matrix.here() or self.matrix.on_this_host(), lambda node: self._hold(node.path)
        )

    def drop(self) -> None:
        """Put the node that is moved on the row's host."""
        matrix = self.matrix
        held = matrix.held
        self._hold(None)
        if held and matrix.row:
            self.change(f"move {held[-1]} to {matrix.row}", [placing.move(held, matrix.row)])
            matrix.put(column=dotted(held[:-1]))

    def let_go(self) -> None:
        """Leave the node that is moved where it is."""
        self._hold(None)

    def rename(self) -> None:
        """Give a node of the cell, or of the row where the cell is empty, another name."""
        self._one_of("Rename which one?", self.matrix.here() or self.matrix.on_this_host(), self._ask_name)

    def spread(self) -> None:
        """Ask how many nodes there are to be, and place them."""
        if not placing.mapping(self.draft.data, "hosts"):
            self.notify("there is no host yet: list them in the step Hosts first", severity="warning")
            return
        self.app.push_screen(SpreadDialog(self.draft.data), self._spread)

    def _spread(self, edits: Sequence[Edit] | None) -> None:
        if edits is not None and self.change("spread nodes", edits):
            self.notify("nodes are spread (F7 takes it back)", timeout=3)

    def _remove(self, node: Place) -> None:
        self.change(f"take {node.name} away", placing.remove(self.draft.data, node.path))

    def _hold(self, node: SessionPath | None) -> None:
        self.matrix.hold(node)
        self._about()

    def _ask_name(self, node: Place) -> None:
        self.app.push_screen(
            Ask(f"What is {node.name} on {node.host} to be called?", node.name, title="Rename"),
            lambda name: self._rename(node, name),
        )

    def _rename(self, node: Place, name: str | None) -> None:
        if (name := (name or "").strip()) and name != node.name:
            self.change(f"rename {node.name} to {name}", renaming.rename_node(self.draft.data, node.path, name))

    def edit(self) -> None:
        """Change a setting of a node of the cell, or of the row where the cell is empty."""
        self._one_of("Change which one?", self.matrix.here() or self.matrix.on_this_host(), self._settings)

    def _settings(self, node: Place) -> None:
        network = self.draft.settled.network
        known = next((one for one in network.nodes if one.path == node.path), None) if network else None
        found = {one.name: one for one in node_settings(self.draft.data, node.path, known)}
        choices = [(name, f"{name}  {one.said or f'{one.given} (by itself)'}") for name, one in found.items()]
        self._pick(f"Which setting of {node.name}?", choices, lambda name: self._change(found[name]))

    def _change(self, setting: NodeSetting) -> None:
        question = f"{setting.about}. Empty: it is given by itself."
        change_setting(self, setting.path, question)

    # -- small things --------------------------------------------------------------------------------------------

    def _one_of(self, question: str, nodes: Sequence[Place], then: Callable[[Place], None]) -> None:
        if len(nodes) > 1:
            known = {str(at): node for at, node in enumerate(nodes)}
            choices = [(key, f"{node.name} ({placing.title(node.group)})") for key, node in known.items()]
            self._pick(question, choices, lambda key: then(known[key]))
        elif nodes:
            then(nodes[0])
        else:
            self._nothing()

    def _pick(self, question: str, choices: Sequence[tuple[str, str]], then: Callable[[str], None]) -> None:
        self.app.push_screen(Pick(question, choices), lambda key: then(key) if key is not None else None)

    def _nothing(self) -> None:
        self.notify("nothing stands here", timeout=2)
