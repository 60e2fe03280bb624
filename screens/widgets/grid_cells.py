"""What a grid holds, and how wide its columns are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size

from screens.marks import marks

GAP = 1
"""Cells between columns."""


@dataclass(frozen=True, slots=True)
class Column:
    """`most`: cells that its widest text may take; `least`: cells of it that are shown even where room is short;
    `fills`: it takes what is left over."""

    key: str
    title: str
    most: int = 16
    fills: bool = False
    least: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """A text; `short` is shown where it does not fit; `tone` is one of `good`, `dim`, `warning`, `error`, `held`."""

    text: str
    tone: str = ""
    short: str = ""


def fitted(cell: Cell, width: int) -> str:
    """Exactly `width` cells of it; what is cut off is seen to be cut off."""
    text = cell.text
    if cell_len(text) > width and cell.short:
        text = cell.short
    if cell_len(text) > width > 0:
        text = set_cell_size(text, width - 1) + marks().cut
    return set_cell_size(text, width)


def share(columns: Sequence[Column], cells: Mapping[tuple[str, str], Cell], room: int) -> tuple[int, ...]:
    """Widths of the columns: what their texts need; where `room` is too little, the widest give way first.

    None gets narrower than its title, or than its `least` if a text needs that; all together may then be wider than
    `room`.
    """
    widest = {column.key: cell_len(column.title) for column in columns}
    for (_, key), cell in cells.items():
        if key in widest and (length := cell_len(cell.text)) > widest[key]:
            widest[key] = length
    least = [max(cell_len(column.title), min(widest[column.key], column.least)) for column in columns]
    widths = [max(low, min(widest[column.key], column.most)) for column, low in zip(columns, least, strict=True)]
    for _ in range(sum(widths) - room):
        spare = [width - low for width, low in zip(widths, least, strict=True)]
        if not spare or max(spare) < 1:
            break
        widths[spare.index(max(spare))] -= 1
    filling = next((at for at, column in enumerate(columns) if column.fills), None)
    if filling is not None:
        widths[filling] += max(0, room - sum(widths))
    return tuple(widths)
