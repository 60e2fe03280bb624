"""Compose files as text.

Every value is quoted, so that YAML 1.1 and 1.2 readers agree about ports, versions, `on` and `no`, and every `$`
is doubled, because compose would take it for a variable. The same data gives the same bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

Data: TypeAlias = "str | bool | Mapping[str, Data] | Sequence[Data] | Shared"

_PLAIN_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:[.-][A-Za-z0-9_]+)*")
_YAML_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


@dataclass(frozen=True, slots=True)
class Shared:
    """A mapping that stands in several places and is written once, as a YAML anchor."""

    anchor: str
    data: Mapping[str, str]


def compose_text(data: Mapping[str, Data], comment: str) -> str:
    """Write a compose file. `comment` becomes its first lines."""
    lines = [f"# {line}".rstrip() for line in comment.splitlines()]
    _mapping(data, "", lines, set())
    return "\n".join(lines) + "\n"


@lru_cache(1 << 16)
def quoted(text: str) -> str:
    """A value as it stands in the file: a JSON string is a YAML string."""
    return _text(text.replace("$", "$$"))


def _text(text: str) -> str:
    """A JSON string; what YAML would take for a line end, or refuse, is escaped as only YAML has it."""
    if text.isprintable():
        return json.dumps(text, ensure_ascii=False)
    return "".join(
        f"\\U{ord(c):08x}" if not c.isprintable() else json.dumps(c, ensure_ascii=False)[1:-1] for c in text
    ).join('""')


@lru_cache(1 << 16)
def _key(name: str) -> str:
    plain = _PLAIN_KEY.fullmatch(name) and name.lower() not in _YAML_WORDS
    return name if plain else _text(name)


def _mapping(data: Mapping[str, Data], indent: str, lines: list[str], seen: set[str]) -> None:
    for name, value in data.items():
        key = f"{indent}{_key(name)}:"
        if isinstance(value, Shared):
            if value.anchor in seen:
                lines.append(f"{key} *{value.anchor}")
                continue
            seen.add(value.anchor)
            lines.append(f"{key} &{value.anchor}")
            # in a large network most lines are these: every node of every other host
            lines.extend(f"{indent}  {_key(one)}: {quoted(text)}" for one, text in value.data.items())
        else:
            _value(key, value, indent, lines, seen)


def _value(key: str, value: Data, indent: str, lines: list[str], seen: set[str]) -> None:
    if isinstance(value, bool):
        lines.append(f"{key} {str(value).lower()}")
    elif isinstance(value, str):
        lines.append(f"{key} {quoted(value)}")
    elif isinstance(value, Mapping):
        lines.append(key if value else f"{key} {{}}")
        _mapping(value, indent + "  ", lines, seen)
    elif isinstance(value, Sequence):
        if not all(isinstance(item, str) for item in value):
            raise TypeError(f"{key} holds something else than text: {value!r}")
        lines.append(key if value else f"{key} []")
        lines.extend(f"{indent}  - {quoted(str(item))}" for item in value)
