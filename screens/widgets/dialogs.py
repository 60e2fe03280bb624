"""Small questions over the screen. Each is dismissed with its answer; escape is the careful answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static


class Choose(ModalScreen[str | None]):
    """A question with a button for each answer: (key, label). The first is what somebody in a hurry should take."""

    AUTO_FOCUS = "Button"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel")]

    def __init__(self, question: str, answers: Sequence[tuple[str, str]], title: str = "") -> None:
        super().__init__()
        self._question, self._answers, self._title = question, answers, title

    def compose(self) -> ComposeResult:
        """Question and buttons."""
        with VerticalScroll(classes="dialog") as dialog:
            dialog.border_title = self._title
            yield Static(self._question, markup=False)
            with Horizontal(classes="dialog-buttons"):
                for number, (key, label) in enumerate(self._answers):
                    yield Button(
                        label, id=f"answer-{key}", variant="primary" if number == 0 else "default", compact=True
                    )

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The answer's key."""
        self.dismiss((event.button.id or "").removeprefix("answer-"))


class Ask(ModalScreen[str | None]):
    """One line of text, which begins as `value` and goes on from there; `secret` shows none of it."""

    AUTO_FOCUS = "Input"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel")]

    def __init__(self, question: str, value: str = "", secret: bool = False, title: str = "") -> None:
        super().__init__()
        self._question, self._value, self._secret, self._title = question, value, secret, title

    def compose(self) -> ComposeResult:
        """Question, input, buttons."""
        with VerticalScroll(classes="dialog") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = "Ctrl+U empties it" if self._value else ""
            yield Static(self._question, markup=False)
            yield Input(self._value, password=self._secret, id="ask-input", select_on_focus=False)
            with Horizontal(classes="dialog-buttons"):
                yield Button("OK", id="ok", variant="primary", compact=True)
                yield Button("Cancel", id="cancel", compact=True)

    def on_input_submitted(self) -> None:
        """Enter is OK."""
        self.dismiss(self.query_one("#ask-input", Input).value)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """OK gives the text."""
        self.dismiss(self.query_one("#ask-input", Input).value if event.button.id == "ok" else None)
