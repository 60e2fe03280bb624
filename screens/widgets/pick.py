"""Choosing one or several of a list, over the screen. Escape is the careful answer: nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option


class Pick(ModalScreen[str | None]):
    """One of a list of (key, label); it is dismissed with the key. `chosen` is the one that is highlighted first."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel")]

    def __init__(
        self, question: str, choices: Sequence[tuple[str, str]], title: str = "", chosen: str | None = None
    ) -> None:
        super().__init__()
        self._question, self._choices, self._title, self._chosen = question, list(choices), title, chosen

    def compose(self) -> ComposeResult:
        """Question and list."""
        with Vertical(classes="dialog pick") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = "Enter takes it, escape leaves"
            yield Static(self._question, markup=False)
            # labels are names that somebody typed: no markup
            yield OptionList(*(Option(label) for _, label in self._choices), compact=True, markup=False)

    def on_mount(self) -> None:
        """The list is ready for keys."""
        options = self.query_one(OptionList)
        keys = [key for key, _ in self._choices]
        options.highlighted = keys.index(self._chosen) if self._chosen in keys else 0
        options.focus()

    def on_key(self, event: events.Key) -> None:
        """A letter goes to the next choice that begins with it."""
        options = self.query_one(OptionList)
        if not event.character or not event.character.isalnum():
            return
        at = (options.highlighted or 0) + 1
        order = [*range(at, len(self._choices)), *range(at)]
        for number in order:
            if self._choices[number][1].lower().startswith(event.character.lower()):
                options.highlighted = number
                event.stop()
                return

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """The key of what was chosen."""
        self.dismiss(self._choices[event.option_index][0])
