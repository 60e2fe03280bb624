"""What a rule, or the loader of a session file, has to say about one place of a session."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

SessionPath = tuple[str | int, ...]
"""Where in the session: keys and list positions, such as `("kafka", "kafka3")`."""


class Severity(StrEnum):
    """An error blocks a deployment, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a session document: the value at `path` becomes `value`; `None` removes the key.

    `value` is plain data (dict, list, str, int, bool) as it would stand in the YAML file.
    With `key` the key at `path` is renamed to it instead, and keeps its place and its value.
    """

    path: SessionPath
    value: Any = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Fix:
    """A mend that the program can apply: `title` says it in a few words, `edits` are made in order."""

    title: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `rule` is the stable id of `facts`; `path` leads into the session.

    `file`, `line` and `column` (from 1) are known when the session came from a file.
    `accepted` holds the operator's reason where a waivable error was accepted (it is then a warning).
    """

    rule: str
    severity: Severity
    path: SessionPath
    message: str
    fix: Fix | None = field(default=None, compare=False)
    file: str | None = None
    line: int | None = None
    column: int | None = None
    accepted: str | None = None

    @property
    def dotted(self) -> str:
        """The path as the `--json` events show it: `kafka.kafka3`, `chaincodes.mycc.check[0]`."""
        return dotted(self.path)

    @property
    def blocks(self) -> bool:
        """Whether a deployment must not start."""
        return self.severity is Severity.ERROR


def dotted(path: SessionPath) -> str:
    """Write a path for people: `("a", "b", 0)` is `a.b[0]`; the empty path is the whole session."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text
