"""Questions that several steps ask: a name, one of a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.widget import Widget

from screens.widgets.dialogs import Ask
from screens.widgets.pick import Pick


def ask(
    widget: Widget, question: str, value: str, title: str, then: Callable[[str], None], empty: bool = False
) -> None:
    """Ask for a text; `then` gets it without spaces around it, an empty one only where `empty` says so."""

    def answered(text: str | None) -> None:
        if text is not None and (text.strip() or empty):
            then(text.strip())

    widget.app.push_screen(Ask(question, value, title=title), answered)


def ask_name(widget: Widget, question: str, old: str, title: str, then: Callable[[str], None]) -> None:
    """Ask for a new name; the old one changes nothing."""
    ask(widget, question, old, title, lambda new: then(new) if new != old else None)


def pick(
    widget: Widget,
    question: str,
    choices: Sequence[tuple[str, str]],
    then: Callable[[str], None],
    chosen: str | None = None,
    title: str = "",
) -> None:
    """Let somebody choose one of (key, label)."""
    widget.app.push_screen(Pick(question, choices, title, chosen), lambda key: then(key) if key is not None else None)
