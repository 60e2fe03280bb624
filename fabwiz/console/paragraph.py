"""Sentences for people: wrapped between words at a terminal, one line each in pipes and files."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.text import Text


def print_paragraph(console: Console, text: Text | str, indent: int = 0) -> None:
    """Print `text` with `indent` spaces before it; at a terminal before every line that it takes."""
    said = Text(text) if isinstance(text, str) else text
    if console.is_terminal:
        console.print(Padding(said, (0, 0, 0, indent), expand=False))
    else:
        console.print(Text(" " * indent).append_text(said), soft_wrap=True)
