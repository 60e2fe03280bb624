"""Text in Markdown."""

from __future__ import annotations


def escaped(text: str) -> str:
    """Text as it is, whatever it holds, in one line."""
    return " ".join(text.translate(_AS_TEXT).split())


_AS_TEXT = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_[]|#"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;"})
