"""What somebody types into a field <-> the plain data of a session."""

from __future__ import annotations

import re
import shlex
from typing import Any

from fabwiz.session.shape import Shape

_TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def value_of(text: str, shape: Shape) -> Any:
    """The data that a typed text stands for; `None` for nothing, which takes the setting away.

    What does not fit the shape stays text: the session's own findings then say what is wanted there. Lists of texts
    are typed like words in a shell: `init a 100 "two words"`.
    """
    stripped = text.strip()
    if not stripped:
        return None
    if shape.kind == "number" and re.fullmatch(r"[+-]?\d{1,18}", stripped):
        return int(stripped)
    if shape.kind == "truth":
        return _TRUTH.get(stripped.lower(), stripped)
    if shape.kind == "list":
        try:
            return shlex.split(stripped)
        except ValueError:  # a quotation mark that is still open
            return stripped
    return stripped


def text_of(value: Any, shape: Shape) -> str:
    """The text to edit: `value_of` gives the value again."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if shape.kind == "list" and isinstance(value, list):
        return shlex.join(map(str, value))
    return str(value)
