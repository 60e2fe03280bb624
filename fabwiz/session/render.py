"""Plain data -> YAML in the style of the session files: flow where it is short, blocks where it is long.

What a block is and what stands on one line follows the example sessions: hosts, organizations, channels and
chaincodes one to a line, small mappings such as `{peer0: a, peer1: b}` in braces.
"""

from __future__ import annotations

from typing import Any

from fabwiz.session.findings import SessionPath
from fabwiz.session.scalars import quote, write

WIDTH = 100
"""Columns that a flow mapping or list may reach."""

_BLOCKS = {
    ("hosts",),
    ("organizations",),
    ("consortiums",),
    ("channels",),
    ("chaincodes",),
    ("chaincodes", "*"),
    ("chaincodes", "*", "check"),
    ("chaincodes", "*", "collections"),
    ("ordering",),
    ("accept",),
}
_ALWAYS_QUOTED = {"fabric", "version"}


def flow(value: Any, path: SessionPath = ()) -> str:
    """On one line: `{a: 1, b: [x, y]}`. Everything in double quotes that is not plain in every context."""
    if isinstance(value, dict):
        inner = ", ".join(f"{write(key)}: {flow(one, (*path, key))}" for key, one in value.items())
        return f"{{{inner}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(flow(one, (*path, index)) for index, one in enumerate(value))}]"
    if isinstance(value, str) and path and path[-1] in _ALWAYS_QUOTED:
        return quote(value)
    return write(value)


def is_block(value: Any, path: SessionPath, column: int) -> bool:
    """Whether a value is written as a block, if it began at a column (from 0) of a line."""
    if not isinstance(value, dict | list) or not value:
        return False
    if not path or _pattern(path) in _BLOCKS:
        return True
    return column + len(flow(value, path)) > WIDTH


def after_key(value: Any, path: SessionPath, indent: int, key: str, newline: str = "\n") -> str:
    """What follows the colon of a key that stands at column `indent`: ` a`, or the lines of a block."""
    if is_block(value, path, indent + len(key) + 2):
        return newline + newline.join(lines(value, path, indent + 2))
    return " " + flow(value, path)


def lines(value: dict[str, Any] | list[Any], path: SessionPath, indent: int) -> list[str]:
    """The lines of a block mapping or list, each indented."""
    pad = " " * indent
    if isinstance(value, dict):
        found = []
        for name, one in value.items():
            key = write(name)
            found += f"{pad}{key}:{after_key(one, (*path, name), indent, key)}".split("\n")
        return found
    found = []
    for index, one in enumerate(value):
        found += item(one, (*path, index), indent)
    return found


def item(value: Any, path: SessionPath, indent: int) -> list[str]:
    """The lines of one item of a block list, its dash at column `indent`."""
    pad = " " * indent
    if not is_block(value, path, indent + 2):
        return [f"{pad}- {flow(value, path)}"]
    below = lines(value, path, indent + 2)
    return [f"{pad}- {below[0].lstrip()}", *below[1:]]


def text(data: dict[str, Any]) -> str:
    """A whole file."""
    return "".join(f"{line}\n" for line in lines(data, (), 0)) if data else "{}\n"


def _pattern(path: SessionPath) -> tuple[str | int, ...]:
    return (path[0], "*", *path[2:]) if len(path) > 1 else path
