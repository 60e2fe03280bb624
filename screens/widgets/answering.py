"""Questions of connections, put to whoever sits before the screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from screens.widgets.dialogs import Ask

if TYPE_CHECKING:
    from fabwiz.remote.connection import HostKeyUnknown
    from fabwiz.remote.relay import Asked
    from fabwiz.remote.secrets import Question


def answer(app: App[int], asked: Asked) -> None:
    """Show the dialog that a question needs; its answer is handed back, and kept nowhere."""
    if not asked.is_open:
        return
    if asked.question is None:
        app.push_screen(ReviewKeys(asked.unknown), asked.answer)
        return

    def given(text: str | None) -> None:
        from fabwiz.remote.secrets import Secret

        asked.answer(Secret(text) if text else None)

    app.push_screen(Ask(_words(asked.question), secret=True, title="A secret is needed"), given)


def _words(question: Question) -> str:
    again = "The one before was refused. " if question.again else ""
    kind = str(question.kind)
    return f"{again}{kind[0].upper()}{kind[1:]} {_whose(question)}. It is not written anywhere."


def _whose(question: Question) -> str:
    from fabwiz.remote.secrets import SecretKind

    return f"for {question.subject}" if question.kind is SecretKind.PASSPHRASE else f"of {question.subject}"


class ReviewKeys(ModalScreen[bool]):
    """The fingerprints of all hosts that were never seen before. Escape refuses."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,r", "answer(False)", "Refuse", key_display="r"),
        Binding("a", "answer(True)", "Accept all"),
    ]

    def __init__(self, unknown: Sequence[HostKeyUnknown]) -> None:
        super().__init__()
        self._unknown = list(unknown)

    def compose(self) -> ComposeResult:
        """What this is about, the fingerprints, and the two answers."""
        count = len(self._unknown)
        with Vertical(classes="dialog keys") as dialog:
            dialog.border_title = f"{count} new host{'' if count == 1 else 's'}"
            yield Static(
                "Nobody has vouched for these keys yet. Compare each with what `ssh-keygen -lf` prints on the host's "
                "own console; whoever sits between could show another one. Accepted keys are kept.",
                markup=False,
            )
            with VerticalScroll(classes="keys-list"):
                yield Static(self._table())
            with Horizontal(classes="dialog-buttons"):
                yield Button("Refuse", id="refuse", compact=True)
                yield Button("Accept all", id="accept", variant="primary", compact=True)

    def _table(self) -> Text:
        text = Text()
        for key in self._unknown:
            text.append(key.host, "bold")
            text.append(f"  {key.name}  {key.key_type}\n  {key.fingerprint}\n")
        text.rstrip()
        return text

    def on_mount(self) -> None:
        """Keys scroll the list; nobody accepts by a hasty Enter."""
        self.query_one(".keys-list").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Accept, or refuse."""
        self.dismiss(event.button.id == "accept")

    def action_answer(self, accept: bool) -> None:
        """Accept, or refuse."""
        self.dismiss(accept)
