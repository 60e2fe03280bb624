"""Rows for a preview: what each says of a host, what was changed to make it fit, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

from fabwiz.editing.hosts_table.hints import Hint
from fabwiz.editing.hosts_table.raw import Column, Form
from fabwiz.session.network import Role


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a row, and with which cell of it. A row with one that `blocks` is not taken over."""

    message: str
    column: Column | None = None
    blocks: bool = True


@dataclass(frozen=True, slots=True)
class Row:
    """One host. All values are valid in a session; `None` where the row says nothing, or nothing usable."""

    line: int
    """Of the pasted text, from 1."""
    name: str = ""
    address: str | None = None
    user: str | None = None
    port: int | None = None
    key: str | None = None
    jump: str | None = None
    """Name of a host, or `user@address:port`."""
    sudo: str | None = None
    """As in `ssh.sudo`."""
    organization: str | None = None
    hints: tuple[Hint, ...] = ()
    had_password: bool = False
    """There was a password to log in with; it was not kept."""
    had_sudo_password: bool = False
    changes: tuple[str, ...] = ()
    """Such as `Kafka1 becomes kafka1`."""
    problems: tuple[Problem, ...] = ()

    @property
    def usable(self) -> bool:
        """Whether the host can be taken over."""
        return not any(problem.blocks for problem in self.problems)

    @property
    def roles(self) -> tuple[Role, ...]:
        """The roles that the host is probably meant for, each once."""
        return tuple(dict.fromkeys(hint.role for hint in self.hints))


@dataclass(frozen=True, slots=True)
class Table:
    """What was made of a pasted text."""

    form: Form
    columns: tuple[tuple[str, Column | None], ...]
    """Of a table: what the header calls a column, and what it was taken for. `None`: not understood, left out."""
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    """What there is to know of the whole."""

    @property
    def usable(self) -> tuple[Row, ...]:
        """The rows that can be taken over."""
        return tuple(row for row in self.rows if row.usable)

    @property
    def had_password(self) -> bool:
        """Whether passwords to log in with stood there."""
        return any(row.had_password for row in self.rows)
