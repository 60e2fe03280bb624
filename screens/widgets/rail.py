"""The steps on the left, each with its state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.text import Text
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from screens.marks import marks
from screens.step import Step

STATES = ("open", "done", "warning", "error")


class Rail(OptionList):
    """Open, done, has warnings, has errors; enter or a click goes to a step."""

    class Chosen(Message):
        """Somebody wants to go to a step."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self, steps: Sequence[type[Step]]) -> None:
        super().__init__(id="rail", compact=True)
        self._steps = tuple(steps)
        self._states: dict[str, str] = {}
        self._here = ""

    def on_mount(self) -> None:
        """Nothing is known yet."""
        self._draw()

    def update_states(self, states: Mapping[str, str], here: str) -> None:
        """`states` by the steps' keys, each of `STATES`; `here` is the step that is shown."""
        if dict(states) != self._states or here != self._here:
            self._states, self._here = dict(states), here
            self._draw()

    def _draw(self) -> None:
        signs, kept = marks(), self.highlighted
        colours = {"open": "dim", "done": "green", "warning": "yellow", "error": "red"}
        options = []
        for step in self._steps:
            state = self._states.get(step.KEY, "open")
            here = self._here == step.KEY
            sign = getattr(signs, state)
            text = Text.assemble((f"{signs.here if here else ' '}", "bold"), (f"{sign} ", colours[state]))
            text.append(step.TITLE, "bold" if here else "")
            options.append(Option(text, id=step.KEY))
        self.clear_options()
        self.add_options(options)
        here_at = next((i for i, step in enumerate(self._steps) if self._here == step.KEY), None)
        self.highlighted = kept if self.has_focus and kept is not None else here_at

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter and clicks."""
        event.stop()
        if event.option.id:
            self.post_message(self.Chosen(event.option.id))
