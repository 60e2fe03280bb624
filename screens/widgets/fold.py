"""A part of a step that is folded away until somebody wants it."""

from __future__ import annotations

from textual.widgets import Collapsible

from screens.marks import marks


class Fold(Collapsible):
    """Textual's own, with signs that every terminal has."""

    def __init__(self, title: str, own_id: str) -> None:
        signs = marks()
        super().__init__(title=title, id=own_id, collapsed_symbol=signs.folded, expanded_symbol=signs.unfolded)
