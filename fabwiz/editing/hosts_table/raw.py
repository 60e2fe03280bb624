"""What the readers of all forms hand on: lines that are fit to be shown, and cells by their meaning."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

MAX_TEXT = 1 << 20
"""Characters of a pasted text."""
MAX_ROWS = 2000
"""Rows that are read; ten times what the largest of networks has."""
MAX_LINE = 4096
"""Characters of a line."""


class Form(StrEnum):
    """How a pasted text is written; the value is what people call it."""

    CSV = "CSV"
    TSV = "tab-separated values"
    MARKDOWN = "Markdown table"
    COLUMNS = "columns with blanks between"
    ETC_HOSTS = "/etc/hosts lines"
    ANSIBLE = "Ansible inventory"
    LIST = "list of addresses"
    UNKNOWN = "nothing known"


class Column(StrEnum):
    """What a column says."""

    NAME = "name"
    HOSTNAME = "host name"
    ADDRESS = "address"
    USER = "user"
    PORT = "port"
    KEY = "key"
    JUMP = "jump host"
    SUDO = "sudo"
    ROLES = "roles"
    ORGANIZATION = "organization"
    PASSWORD = "password"  # noqa: S105


@dataclass(slots=True)
class Raw:
    """A row as it was found; no cell of it was ever that of a password."""

    line: int
    cells: dict[Column, str] = field(repr=False)
    groups: tuple[str, ...] = ()
    """Of an inventory."""
    had_password: bool = False
    had_sudo_password: bool = False
    problem: str | None = None
    """Why nothing can be made of it."""


@dataclass(slots=True)
class Found:
    """What a reader made of a text."""

    rows: list[Raw]
    columns: list[tuple[str, Column | None]] = field(default_factory=list)
    """Of a table, as the header calls them, and what they are taken for."""
    notes: list[str] = field(default_factory=list)


_ESCAPES = re.compile(r"\x1b\[[0-?]{0,32}[@-~]|\x1b")
# controls, and what reorders or hides text; terminals obey some of it, and no name or address has any
_HIDDEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff"
    r"\ud800-\udfff\U000e0000-\U000e0fff]"
)
_WIDE = {0xFF01 + offset: 0x21 + offset for offset in range(94)} | {0x3000: " ", 0xA0: " ", 0x2502: "|", 0x2503: "|"}
_NOTHING = re.compile(r"[-–—―‒‐−─━ーｰ_~.·…*?/\\]*|n/?a|none|null|nil|no|无|無|нет", re.IGNORECASE)


def lines_of(text: str) -> tuple[list[tuple[int, str]], int]:
    """The lines that say something, numbered from 1, and how many characters were left out as nobody can see them.

    Full-width letters and signs become plain ones. A byte order mark is not counted.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    hidden = 0
    if not text.isascii() or not text.isprintable():
        text, escapes = _ESCAPES.subn("", text)
        text, others = _HIDDEN.subn("", text)
        hidden = escapes + others
    if not text.isascii():
        text = text.translate(_WIDE)
    return [(number, line) for number, line in enumerate(text.split("\n"), 1) if line and not line.isspace()], hidden


def is_nothing(cell: str) -> bool:
    """Whether a cell is empty, or says that there is nothing: a dash of any kind, `n/a`, `none`."""
    return not cell or (len(cell) < 40 and _NOTHING.fullmatch(cell) is not None)
