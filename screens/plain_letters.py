"""For terminals that have no other letters than ASCII: what Textual draws with others, drawn with these.

Lines, blocks and arrows become what they look like most, cell by cell; letters of other alphabets stay: they are what
somebody has typed, or what a host has said.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_LIKE = {
    "▐": "[", "▌": "]", "▔": "-", "▁": "_", "▲": "^", "▼": "v", "◀": "<", "▶": ">", "○": "o", "…": "~", "•": "*",
    "·": ".", "—": "-", "–": "-", "↑": "^", "↓": "v", "←": "<", "→": ">", "×": "x", "✓": "+", "✗": "x", "⏎": "<",
    "🔎": "? ", "\xa0": " ", "‘": "'", "’": "'", "“": '"', "”": '"',
}  # fmt: skip


def _drawn(letter: str) -> str:
    """A box drawing, a block or a shape."""
    name = unicodedata.name(letter, "")
    if name.startswith("BOX DRAWINGS"):
        # a corner or a crossing is of both
        across = "HORIZONTAL" in name or "LEFT" in name or "RIGHT" in name
        along = "VERTICAL" in name or "UP" in name or "DOWN" in name
        return "+" if across and along else "-" if across else "|"
    if name.startswith(("LEFT", "RIGHT")):
        return "|"
    return "#" if name.endswith(("BLOCK", "SHADE")) else "*"


def table() -> Mapping[int, str]:
    """For `str.translate`: as many cells as before."""
    signs = [chr(code) for code in range(0x2500, 0x2600)]
    return str.maketrans({sign: _drawn(sign).ljust(cell_len(sign)) for sign in signs} | _LIKE)


class PlainLetters(LineFilter):
    """Filters what is about to be shown."""

    def __init__(self) -> None:
        super().__init__()
        self._table = table()

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments in ASCII."""
        return [
            segment if segment.text.isascii() else segment._replace(text=segment.text.translate(self._table))
            for segment in segments
        ]
