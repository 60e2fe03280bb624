"""Numbers and JSON in what hosts print: whatever it is, reading it gives a value or nothing, and no surprise.

`str.isdigit` takes digits that `int` does not, `int` refuses more than 4300 of them, and JSON that is nested deeply
ends in a RecursionError instead of a ValueError: each would be a host's way to crash a run.
"""

from __future__ import annotations

import json
from typing import Any


def number(text: str | None) -> int | None:
    """A whole number that is not negative, of at most 18 digits; None for anything else."""
    plain = (text or "").strip()
    return int(plain) if 0 < len(plain) <= 18 and plain.isascii() and plain.isdigit() else None


def json_value(text: str) -> Any:
    """A JSON text. Raises ValueError for everything that is none, or nested too deeply."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def json_values(text: str) -> list[Any]:
    """JSON texts with spaces between them. Raises ValueError."""
    found = []
    text = text.strip()
    try:
        while text:
            value, end = json.JSONDecoder().raw_decode(text)
            found.append(value)
            text = text[end:].strip()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return found
