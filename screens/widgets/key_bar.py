"""The keys that work right now, on as many lines as they need, up to two; each can be clicked."""

from __future__ import annotations

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
        parts: list[Content] = []
        seen: set[str] = set()
        for _, binding, enabled, _tooltip in self.screen.active_bindings.values():
            if not binding.show or binding.action in seen:
                continue
            seen.add(binding.action)
            key = self.app.get_key_display(binding)
            key = key.upper() if key[:1] == "f" and key[1:].isdigit() else key
            click = f"app.simulate_key({binding.key!r})" if enabled else ""
            label = Content.assemble(
                (key, "bold $accent"), "\N{NO-BREAK SPACE}", binding.description.replace(" ", "\N{NO-BREAK SPACE}")
            )
            parts.append(label.stylize(f"@click={click}") if click else label.stylize("dim"))
        self.update(Content("  ").join(parts))
