"""A session file in memory: its text, what it says, and what is wrong with it. Immutable."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path

from fabwiz.session.findings import Finding, SessionPath
from fabwiz.session.model import Session
from fabwiz.session.network import Network
from fabwiz.session.reading import locate, read


class Document:
    """Made by `load` or `Document.from_text`; edits give new documents."""

    def __init__(self, text: str, path: Path | None = None, unreadable: Finding | None = None) -> None:
        """`unreadable` says why the file at `path` gave no text at all; `text` is then empty."""
        self.text = text
        self.path = path
        self._reading = read(text)
        self._unreadable = unreadable
        self.tree = self._reading.tree

    @classmethod
    def from_text(cls, text: str, path: Path | None = None) -> Document:
        """Read a text; `path` names it in findings, and is where `save` writes to. Never raises."""
        return cls(text, path)

    @property
    def session(self) -> Session | None:
        """What the text says; `None` exactly if a finding is an error."""
        return None if self._unreadable else self._reading.session

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What is wrong with the text as a session file, with file, line and column; rules are checked elsewhere."""
        findings = (self._unreadable,) if self._unreadable else self._reading.findings
        return tuple(replace(finding, file=self._file) for finding in findings)

    @cached_property
    def network(self) -> Network | None:
        """The network that the session describes."""
        return Network(self.session) if self.session else None

    def locate(self, path: SessionPath) -> tuple[int, int] | None:
        """Line and column, from 1, of the key or item at a path, or of the nearest part of the path that is there."""
        return locate(self.tree, path)

    def place(self, finding: Finding) -> Finding:
        """The finding (a rule's, say) with file, line and column."""
        line, column = self.locate(finding.path) or (None, None)
        return replace(finding, file=self._file, line=line, column=column)

    @property
    def _file(self) -> str | None:
        return str(self.path) if self.path else None
