"""A text to read over the screen, such as help. Apart from other dialogs: Markdown takes its time to load."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Markdown


class Reading(ModalScreen[None]):
    """Markdown to read, such as help."""

    AUTO_FOCUS = ".dialog"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,f1,q,enter", "dismiss", "Close")]

    def __init__(self, text: str, title: str = "") -> None:
        super().__init__()
        self._text, self._title = text, title

    def compose(self) -> ComposeResult:
        """The text, scrolling."""
        with VerticalScroll(classes="dialog reading") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = "escape closes"
            yield Markdown(self._text)
