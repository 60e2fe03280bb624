"""How many nodes there are to be, and what comes of spreading them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Checkbox, Input, Label, Static

from fabwiz.editing.spreading import MOST, Spread, SpreadError, Wish, spread
from fabwiz.session.findings import Edit
from screens.widgets.tick_boxes import TickBox

_NUMBERS = {
    "servers": "ZooKeeper servers",
    "brokers": "Kafka brokers",
    "orderers": "Orderers",
    "peers": "Peers an organization",
}
_QUIET = 0.15
"""Seconds without a key before a proposal is made: with hundreds of hosts one takes a tenth of a second."""


class SpreadDialog(ModalScreen[Sequence[Edit] | None]):
    """Shows what a proposal does before it is taken; it is dismissed with the edits, which are one change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel"),
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    def __init__(self, data: Any) -> None:
        super().__init__()
        self._data = data
        self._proposal: Spread | None = None

    def compose(self) -> ComposeResult:
        """Numbers, what comes of them, buttons."""
        counts = self._usual()
        with VerticalScroll(classes="dialog spread", can_focus=False) as dialog:
            dialog.border_title = "Spread for me"
            dialog.border_subtitle = "Enter spreads, escape leaves; Ctrl+U empties a number"
            yield Static("How many of each are there to be? Nodes that are there are never taken away.", markup=False)
            with Vertical(id="spread-numbers"):
                for key, label in _NUMBERS.items():
                    if key in counts:
                        yield Label(label)
                        yield Input(
                            str(counts[key]),
                            type="integer",
                            max_length=3,
                            compact=True,
                            id=f"spread-{key}",
                            select_on_focus=False,
                        )
            yield TickBox("Leave nodes where they are", True, id="spread-keep", compact=True)
            yield Static("", id="spread-told", markup=False)
            with Horizontal(classes="dialog-buttons"):
                yield Button("Spread", id="spread-ok", variant="primary", compact=True)
                yield Button("Cancel", id="spread-cancel", compact=True)

    def on_mount(self) -> None:
        """The first proposal."""
        self._later = self.set_timer(_QUIET, self._propose, pause=True)
        self._propose()

    def _usual(self) -> dict[str, int]:
        """What the rules want, or what there is if that is more."""
        try:
            network = spread(self._data).network
        except SpreadError:
            return {}
        counts = {
            "servers": len(network.zookeeper),
            "brokers": len(network.kafka),
            "orderers": len(network.orderers),
        }
        peers = [len(one.nodes) for one in network.organizations.values()]
        return counts | ({"peers": min(max(min(peers), 1), MOST)} if peers else {})

    def _propose(self) -> None:
        numbers = {one.id.removeprefix("spread-"): one.value.strip() for one in self.query(Input) if one.id}
        keep = self.query_one("#spread-keep", Checkbox).value
        told = self.query_one("#spread-told", Static)
        try:
            wanted = {key: int(text) for key, text in numbers.items() if text}
            wish = Wish(
                wanted.get("brokers"), wanted.get("servers"), wanted.get("orderers"), wanted.get("peers"), keep=keep
            )
            self._proposal = spread(self._data, wish)
        except (SpreadError, ValueError) as error:
            self._proposal = None
            told.update(str(error) if isinstance(error, SpreadError) else "numbers are whole numbers")
        else:
            told.update("\n".join(self._proposal.explanation))
        told.set_class(self._proposal is None, "-error")
        self.query_one("#spread-ok", Button).disabled = self._proposal is None

    @on(Input.Changed)
    @on(Checkbox.Changed)
    def _changed(self) -> None:
        self._later.reset()
        self._later.resume()

    @on(Input.Submitted)
    def _take(self) -> None:
        self._propose()  # what was typed last counts
        if self._proposal:
            self.dismiss(self._proposal.edits)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Take it, or leave it."""
        if event.button.id == "spread-ok":
            self._take()
        else:
            self.dismiss(None)
