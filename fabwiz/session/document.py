"""A session file in memory: its text, what it says, and what is wrong with it. Immutable."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from fabwiz.session import editor
from fabwiz.session.data import dump, to_data
from fabwiz.session.edits import EditError
from fabwiz.session.files import remove_leftovers, write_atomic
from fabwiz.session.findings import Edit, Finding, SessionPath
from fabwiz.session.model import Session
from fabwiz.session.network import Network
from fabwiz.session.reading import locate, read
from fabwiz.session.tree import plain
from fabwiz.session.update import merged

_ABANDONED = 60.0
"""Seconds after which a half-written file is nobody's any more: a save takes far less."""


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

    def edit(self, edits: Iterable[Edit]) -> Document:
        """The document after the edits, made in order; comments, order and layout of all else survive.

        Raises EditError if an edit does not fit, or if the text is no YAML at all.
        """
        if self._unreadable:
            raise EditError(f"{self.path} cannot be changed before it can be read: {self._unreadable.message}")
        return Document(editor.apply(self.text, edits), self.path)

    def update(self, session: Session) -> Document:
        """The document that says what `session` says, with the smallest changes of the text.

        Raises EditError if the file could not be read.
        """
        if self.session is not None and dump(self.session) == dump(session):
            return self
        data = merged(plain(self.tree), self.session, session) if self.session else to_data(session)
        changed = self.edit([Edit((), data)])
        if changed.session is not None and dump(changed.session) == dump(session):
            return changed
        return Document(dump(session), self.path)

    def save(self, path: Path | None = None) -> None:
        """Write the text to `path`, by default where it came from: atomically, synced, readable by its owner alone.

        A symbolic link stays one; the file that it names is replaced. Raises OSError, and EditError where there is
        no path or the document only stands for a file that could not be read.
        """
        target = path or self.path
        if target is None:
            raise EditError("the session has no file yet: say where to save it")
        if self._unreadable:
            raise EditError(f"{target} is not overwritten: what it held could not be read")
        file = target.resolve()
        write_atomic(file, self.text)
        with suppress(OSError):  # what an earlier save left that was killed; another wizard may be saving just now
            remove_leftovers(file.parent, file.name, older_than=_ABANDONED)

    @property
    def _file(self) -> str | None:
        return str(self.path) if self.path else None
