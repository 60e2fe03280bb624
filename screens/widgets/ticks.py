"""Checkmarks in the cells of a grid."""

from __future__ import annotations

from screens.marks import marks
from screens.widgets.grid_cells import Cell


def tick(is_on: bool) -> Cell:
    """A checkmark, or where one can be set."""
    return Cell(marks().done, "good") if is_on else Cell(marks().open, "dim")
