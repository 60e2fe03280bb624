"""Sizes and durations as session files write them: `98 MB`, `512 KB`, `2s`, `10m`, `1h30m`.

Sizes follow configtxgen (`common/viperutil`: k, m, g and their KB, MB, GB are powers of 1024),
durations follow Go's `time.ParseDuration`, because Fabric reads both.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_SIZE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*([kmg]?)i?b?\s*$", re.IGNORECASE)
_FACTOR = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
_NANOSECONDS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_MOST = 1 << 63  # both are int64 in Fabric; a duration counts nanoseconds


def parse_size(value: Any) -> int:
    """Read a size in bytes from `98 MB` or a plain number of bytes.

    Raises ValueError for anything else, negative and absurdly large numbers among it.
    """
    size = None
    if isinstance(value, int) and not isinstance(value, bool):
        size = value
    elif isinstance(value, str) and len(value) < 40 and (match := _SIZE.match(value)):
        size = int(Decimal(match[1]) * _FACTOR[match[2].lower()])
    if size is not None and 0 <= size < _MOST:
        return size
    raise ValueError(f"{value!r} is no size; write bytes, or a number with KB, MB or GB, such as 98 MB")


def format_size(size: int) -> str | int:
    """Write a size with the largest unit that divides it: 102760448 is `98 MB`, 1000 stays 1000."""
    for unit, factor in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if size >= factor and size % factor == 0:
            return f"{size // factor} {unit}"
    return size


def parse_duration(value: Any) -> float:
    """Read a duration in seconds from `2s`, `10m`, `1h30m` or `500ms`.

    Raises ValueError for anything else, a bare number among it: a number without a unit is ambiguous.
    """
    if isinstance(value, str) and len(value) < 80:
        text = value.strip().replace(" ", "")
        if text == "0":
            return 0.0
        pieces = _DURATION.findall(text)
        if pieces and "".join(number + unit for number, unit in pieces) == text:
            nanoseconds = int(sum(Decimal(number) * _NANOSECONDS[unit] for number, unit in pieces))
            if nanoseconds < _MOST:
                return nanoseconds / 1e9
    raise ValueError(f"{value!r} is no duration; write a number and a unit, such as 2s, 10m or 12h")


def format_duration(seconds: float) -> str:
    """Write a duration shortly: 5400 is `1h30m`, 2.5 is `2500ms`; reading it again gives the same number."""
    if seconds != int(seconds):
        for unit in ("ms", "us", "ns"):
            text = f"{round(seconds * 1e9 / _NANOSECONDS[unit])}{unit}"
            if parse_duration(text) == seconds:
                return text
        return f"{Decimal(repr(seconds)):f}s"
    rest = int(seconds)
    text = ""
    for unit, size in (("h", 3600), ("m", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        if count:
            text += f"{count}{unit}"
    return text or "0s"


def go_duration(seconds: float) -> str:
    """Write a duration as Go's `Duration.String()` does, the form inside channel configuration: `2s`, `1m0s`."""
    if seconds == 0:
        return "0s"
    if seconds < 1:
        return f"{seconds * 1000:g}ms"
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    text = f"{rest:g}s"
    if hours or minutes:
        text = f"{int(minutes)}m{text}"
    if hours:
        text = f"{int(hours)}h{text}"
    return text


Size = Annotated[
    int,
    BeforeValidator(parse_size),
    PlainSerializer(format_size),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0},
                {"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*[kKmMgG]?[iI]?[bB]?\s*$", "examples": ["98 MB"]},
            ]
        }
    ),
]
"""Bytes."""

Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\s*(0|(\d+(\.\d+)?\s*(ns|us|µs|ms|s|m|h)\s*)+)\s*$",
            "examples": ["2s", "10m", "12h"],
        }
    ),
]
"""Seconds."""
