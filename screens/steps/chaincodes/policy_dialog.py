"""An endorsement policy, built from a choice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, Select, SelectionList, Static
from textual.widgets.selection_list import Selection

from fabwiz.editing import policies
from fabwiz.session.releases import Release
from screens.widgets.tick_boxes import TickBoxes

_RULES = {
    "all": "All of them sign",
    "any": "Any one of them signs",
    "majority": "More than half of them sign",
    "number": "A number of them signs",
}


class PolicyDialog(ModalScreen[str | None]):
    """It is dismissed with the policy's text; what it means is said while it is built."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel")]

    def __init__(self, organizations: Mapping[str, str], signing: list[str], release: Release | None) -> None:
        """`organizations`: names by MSP id; `signing`: MSP ids that are ticked at first."""
        super().__init__()
        self._organizations, self._signing, self._release = organizations, signing, release
        self._text: str | None = None

    def compose(self) -> ComposeResult:
        """Who, how many, in which role; what it means; buttons."""
        roles = policies.roles(self._release)
        with VerticalScroll(classes="dialog", can_focus=False) as dialog:
            dialog.border_title = "Who must sign a transaction?"
            with Vertical(id="policy-choices"):
                yield Label("Rule")
                yield Select(
                    [(label, key) for key, label in _RULES.items()],
                    value="all",
                    allow_blank=False,
                    compact=True,
                    id="policy-rule",
                )
                yield Label("How many", classes="policy-number")
                yield Input(
                    "2",
                    type="integer",
                    max_length=3,
                    compact=True,
                    id="policy-count",
                    classes="policy-number",
                    select_on_focus=False,
                )
                yield Label("Signed by")
                yield Select(
                    [(f"a {role} of each" if role != "admin" else "an admin of each", role) for role in roles],
                    value=roles[0],
                    allow_blank=False,
                    compact=True,
                    id="policy-role",
                )
            yield TickBoxes(
                *(Selection(name, msp_id, msp_id in self._signing) for msp_id, name in self._organizations.items()),
                compact=True,
                id="policy-signers",
            )
            yield Static("", id="policy-preview", markup=False)
            with Horizontal(classes="dialog-buttons"):
                yield Button("Take it", id="policy-ok", variant="primary", compact=True)
                yield Button("Cancel", id="policy-cancel", compact=True)

    def on_mount(self) -> None:
        """What it means at first."""
        self._build()

    @on(Select.Changed)
    @on(Input.Changed)
    @on(SelectionList.SelectedChanged)
    def _build(self) -> None:
        rule = self.query_one("#policy-rule", Select).value
        chosen = set(self.query_one(SelectionList).selected)
        who = [msp_id for msp_id in self._organizations if msp_id in chosen]
        for widget in self.query(".policy-number"):
            widget.display = rule == "number"
        typed = self.query_one("#policy-count", Input).value
        counts = {
            "all": len(who),
            "any": 1,
            "majority": policies.majority(len(who)),
            "number": int(typed) if typed.isdecimal() else 0,
        }
        role = str(self.query_one("#policy-role", Select).value)
        try:
            self._text = policies.built(counts[str(rule)], who, role, self._release)
        except ValueError as error:
            self._text, told = None, f"{error}." if who else "Tick at least one organization."
        else:
            told = f"{self._text}\n{policies.in_words(self._text, self._release, self._organizations)}"
        self.query_one("#policy-preview", Static).update(told)
        self.query_one("#policy-ok", Button).disabled = self._text is None

    @on(Input.Submitted)
    def _take(self) -> None:
        if self._text is not None:
            self.dismiss(self._text)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Take it, or leave it."""
        if event.button.id == "policy-ok":
            self._take()
        else:
            self.dismiss(None)
