"""Questions that several steps ask: a name, one of a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from textual.widget import Widget

from fabwiz.editing.values import text_of, value_of
from fabwiz.session.findings import Edit, SessionPath, dotted
from fabwiz.session.shape import shape_at
from screens.step import Step
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


def change_setting(step: Step, path: SessionPath, question: str, choices: Sequence[str] | None = None) -> None:
    """Change a setting as its shape wants it: toggle it, choose from a list, or type it; empty takes it away.

    `choices` are what to choose from where the shape knows none.
    """
    shape = shape_at(path)
    assert shape, f"{dotted(path)} is no setting"
    now = step.draft.get(path)
    name = f"{path[-1]} of {path[-2] + 1 if isinstance(path[-2], int) else path[-2]}"

    def put(value: Any) -> None:
        step.change(name, [Edit(path, value)])

    if shape.kind == "truth":
        put(None if now is True else True)
    elif choices is not None or shape.kind == "choice":
        known = [(one, one) for one in (choices if choices is not None else map(str, shape.choices))]
        pick(step, question, [("", "any"), *known], lambda one: put(one or None), now)
    else:
        ask(step, question, text_of(now, shape), "Change", lambda text: put(value_of(text, shape)), empty=True)
