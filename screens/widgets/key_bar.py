"""The keys that work right now, on as many lines as they need, up to two; each can be clicked."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static


class KeyBar(Static):
    """Unlike Textual's footer it wraps: on 80 columns nothing is hidden at the right."""

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
        width = max(self.size.width - 2, 1)
        lines: list[list[Content]] = [[]]
        used = 0
        for label in self._labels():
            if lines[-1] and used + 2 + label.cell_length > width:
                lines.append([])
                used = 0
            used += label.cell_length + (2 if lines[-1] else 0)
            lines[-1].append(label)
        self.update(Content("\n").join(Content("  ").join(line) for line in lines))

    def _labels(self) -> Iterator[Content]:
        seen: set[str] = set()
        for _, binding, enabled, _tooltip in self.screen.active_bindings.values():
            if not binding.show or binding.action in seen:
                continue
            seen.add(binding.action)
            key = self.app.get_key_display(binding)
            key = key.upper() if key[:1] == "f" and key[1:].isdigit() else key
            label = Content.assemble((key, "bold $accent"), " ", binding.description)
            yield label.stylize(f"@click=app.simulate_key({binding.key!r})") if enabled else label.stylize("dim")
