"""The keys that work right now, on as many lines as they need, up to three; each can be clicked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from textual.binding import Binding
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from screens.marks import ASCII, marks

_HELP = "f1"


class KeyBar(Static):
    """Unlike Textual's footer it wraps. Where there is no room for all of them it says how many help tells of."""

    def __init__(self) -> None:
        super().__init__("", id="keys")

    def on_mount(self) -> None:
        """Follow the focus."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)
        self._draw()

    def on_resize(self) -> None:
        """Another width breaks lines elsewhere."""
        self._draw()

    def _changed(self, screen: Screen[object]) -> None:
        if self.is_attached and screen is self.screen:
            self._draw()

    def _draw(self) -> None:
        labels = list(self._labels())
        most = 1 if self.screen.has_class("-flat") else 3 if self.screen.has_class("-tall") else 2
        lines = self._broken([label for _, label in labels])
        shown = [label for key, label in labels if key != _HELP]
        while len(lines) > most and shown:
            shown.pop()
            lines = self._broken([*shown, self._more(len(labels) - len(shown) - 1)])
        self.update(Content("\n").join(Content("  ").join(line) for line in lines))

    def _broken(self, labels: Sequence[Content]) -> list[list[Content]]:
        width = max(self.size.width - 2, 1)
        lines: list[list[Content]] = [[]]
        used = 0
        for label in labels:
            if lines[-1] and used + 2 + label.cell_length > width:
                lines.append([])
                used = 0
            used += label.cell_length + (2 if lines[-1] else 0)
            lines[-1].append(label)
        return lines

    @staticmethod
    def _more(count: int) -> Content:
        label = Content.assemble(("F1", "bold $accent"), f" Help and {count} more")
        return label.stylize(f"@click=app.simulate_key({_HELP!r})")

    def _labels(self) -> Iterator[tuple[str, Content]]:
        for key, binding, enabled in keys(self.screen):
            if binding.show:
                label = Content.assemble((key, "bold $accent"), " ", binding.description)
                clicked = label.stylize(f"@click=app.simulate_key({binding.key!r})")
                yield binding.key, clicked if enabled else label.stylize("dim")


def keys(screen: Screen[Any]) -> Iterator[tuple[str, Binding, bool]]:
    """Every key that works on a screen right now, as it is shown; one for each thing that it does."""
    seen: set[str] = set()
    for _, binding, enabled, _tooltip in screen.active_bindings.values():
        if binding.description and binding.action not in seen:
            seen.add(binding.action)
            key = screen.app.get_key_display(binding)
            if not key.isascii() and marks() is ASCII:
                key = binding.key
            yield key.upper() if key[:1] == "f" and key[1:].isdigit() else key, binding, enabled
