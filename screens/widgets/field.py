"""One setting of the session: its name, its value to type or choose, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.css.query import NoMatches
from textual.widget import Widget
from textual.widgets import Input, Label, Select, Static

from fabwiz.editing.values import text_of, value_of
from fabwiz.session.data import value_to_data
from fabwiz.session.findings import Edit, Finding, SessionPath, dotted
from fabwiz.session.shape import Shape, shape_at

if TYPE_CHECKING:
    from screens.step import Step


class Field(Vertical):
    """A setting at `path`; its shape says whether it is typed or chosen. Empty takes it away: its default holds."""

    def __init__(
        self, path: SessionPath, label: str, choices: Sequence[tuple[str, Any]] | None = None, classes: str = ""
    ) -> None:
        """`choices` (label, value) where there are better ones than the shape knows."""
        super().__init__(id=field_id(path), classes=classes)
        self.path = path
        self.label = label
        shape = shape_at(path)
        assert shape, f"{dotted(path)} is no setting"
        self.shape: Shape = shape
        self._choices = list(choices) if choices is not None else _choices(shape)

    def compose(self) -> ComposeResult:
        """The name on the left, the value on the right, a line for what is wrong."""
        yield Label(self.label, classes="field-label")
        if self._choices:
            yield Select[str](
                [(label, label) for label, _ in self._choices],
                prompt=f"{self.default} (default)" if self.default else "choose",
                allow_blank=True,
                compact=True,
            )
        else:
            yield Input(placeholder=self.default, compact=True, select_on_focus=False)
        yield Static("", classes="field-problem", markup=False)

    @property
    def default(self) -> str:
        """What holds where nothing is said, in words; empty where something must be said."""
        about = self.shape.field
        if about is None or about.is_required():
            return ""
        value = about.get_default(call_default_factory=True)
        return text_of(value_to_data(value, self.shape), self.shape) if value not in (None, [], {}) else ""

    @property
    def hint(self) -> str:
        """What the setting is, what it may say, and its default."""
        description = (self.shape.field.description if self.shape.field else None) or self.label
        default = f"; default {self.default}" if self.default else ""
        return f"{dotted(self.path)}: {description} ({self.shape.wanted}{default})"

    @property
    def step(self) -> Step:
        """The step that the field stands in."""
        from screens.step import Step

        return next(one for one in self.ancestors if isinstance(one, Step))

    def on_mount(self) -> None:
        """Show what the draft says."""
        self.show()

    def show(self) -> None:
        """Take the value from the draft, unless it is being typed: then the draft has it from here."""
        value = self.step.draft.get(self.path)
        shape_above = shape_at(self.path[:-1])
        if value is None and shape_above and shape_above.short == self.path[-1]:
            above = self.step.draft.get(self.path[:-1])
            value = above if isinstance(above, str) else None
        inner = self._inner
        if isinstance(inner, Input):
            if value_of(inner.value, self.shape) != value:
                with inner.prevent(Input.Changed):
                    inner.value = text_of(value, self.shape)
        elif isinstance(inner, Select):
            known = next((label for label, one in self._choices if one == value), None)
            with inner.prevent(Select.Changed):
                if value is None:
                    inner.clear()
                else:
                    if known is None:  # a file may say what nobody could choose, lists among it
                        known = str(value)
                        self._choices.append((known, value))
                        inner.set_options([(label, label) for label, _ in self._choices])
                    inner.value = known

    def judge(self, findings: Iterable[Finding]) -> None:
        """Show the first error at this setting, else the first warning."""
        mine = [finding for finding in findings if finding.path[: len(self.path)] == self.path]
        worst = min(mine, key=lambda finding: not finding.blocks, default=None)
        problem = self.query_one(".field-problem", Static)
        problem.update(worst.message if worst else "")
        self.set_class(worst is not None and worst.blocks, "-error")
        self.set_class(worst is not None and not worst.blocks, "-warning")

    def turn_to(self, path: SessionPath, default: str | None = None) -> None:
        """Edit the setting at another path from now on: the same one of another organization, say.

        `default` is what holds where nothing is said, if only the caller knows it.
        """
        if default is not None and isinstance(self._inner, Input):
            self._inner.placeholder = default
        if path != self.path:
            self.path = path
            self.show()

    def focus_inside(self) -> None:
        """Put the focus into the value."""
        self._inner.focus()

    @property
    def _inner(self) -> Widget:
        try:
            return self.query_one(Input)
        except NoMatches:
            return self.query_one(Select)

    def on_descendant_focus(self) -> None:
        """Its name stands out. Textual does not style children anew when `:focus-within` comes to hold above them."""
        self.add_class("-here")

    def on_descendant_blur(self) -> None:
        """No more."""
        self.remove_class("-here")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Hand what is typed on to the draft."""
        event.stop()
        self._set(value_of(event.value, self.shape))

    def on_select_changed(self, event: Select.Changed) -> None:
        """Hand what is chosen on to the draft."""
        event.stop()
        self._set(next((value for label, value in self._choices if label == event.value), None))

    def _set(self, value: Any) -> None:
        self.step.change(f"{dotted(self.path)}", [Edit(self.path, value)], merge=self.path)


def field_id(path: SessionPath) -> str:
    """An id that a widget may have: letters, digits, hyphens; different for different paths."""
    return "f-" + "-".join(
        "".join(c if c.isalnum() and c.isascii() else f"_{ord(c):x}" for c in str(part)) for part in path
    )


def _choices(shape: Shape) -> list[tuple[str, Any]]:
    if shape.kind == "choice":
        return [(str(choice), choice) for choice in shape.choices]
    if shape.kind == "truth":
        return [("true", True), ("false", False)]
    return []
