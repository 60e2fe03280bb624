"""A session that is being edited: what was typed is there at once, what follows from it a moment later."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fabwiz.editing.mended import mended_network
from fabwiz.rules import check
from fabwiz.session.assigned import recall
from fabwiz.session.document import Document
from fabwiz.session.edits import edited, same
from fabwiz.session.findings import Edit, Finding, SessionPath
from fabwiz.session.load import load
from fabwiz.session.network import Network
from fabwiz.session.shape import ROOT
from fabwiz.session.tree import plain
from fabwiz.session.workspace import Workspace

_MOST_UNDO = 1000


class ChangedElsewhere(Exception):
    """Somebody else has changed the file since it was read; it was not overwritten."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What follows from a state of the draft."""

    document: Document
    network: Network | None
    """Of what can be understood, even while something is wrong; `None` where nothing can."""
    findings: tuple[Finding, ...]
    """Of the file first, then of the rules."""

    @property
    def valid(self) -> bool:
        """Whether a run may start: the file says a session, and no finding is an error."""
        return self.document.session is not None and not any(finding.blocks for finding in self.findings)


@dataclass(frozen=True, slots=True)
class _Change:
    """A change, with how to get back over it."""

    title: str
    data: Any
    document: Document | None
    """What said `data`, comments and all, where that is known."""
    merge: object = None


class Draft:
    """Edits are made by one thread (the screen's); `settle` and `save` may run in another one."""

    def __init__(self, document: Document) -> None:
        """`document` must be readable YAML; see `Document.findings` for what is not."""
        self._lock = threading.Lock()
        self._at_work = threading.Lock()
        self._pending: list[Edit | Document] = []
        self._done: list[_Change] = []
        self._undone: list[_Change] = []
        self._saved = document.text if document.path and document.path.exists() else None
        self.data: Any = plain(document.tree)
        """What the session says now, as plain data. Never changed in place."""
        self.settled = _settled(document)

    @property
    def path(self) -> Path | None:
        """The session file."""
        return self.settled.document.path

    # -- editing -------------------------------------------------------------------------------------------------

    def get(self, path: SessionPath, default: Any = None) -> Any:
        """The plain data at a path; `default` where nothing is said."""
        found = self.data
        for part in path:
            try:
                found = found[part]
            except (KeyError, IndexError, TypeError):
                return default
        return found

    def change(self, title: str, edits: Sequence[Edit], merge: object = None) -> bool:
        """Make edits as one change that can be undone; whether anything is different now.

        Changes in a row with the same `merge` (the field that is being typed into) are undone together.
        Raises EditError if an edit does not fit; then nothing is changed.
        """
        data = self.data
        for edit in edits:
            data = edited(data, edit)
        if same(data, self.data, ROOT):
            return False
        with self._lock:
            last = self._done[-1] if self._done else None
            if merge is None or last is None or last.merge != merge:
                self._done.append(_Change(title, self.data, self._document(), merge))
                del self._done[:-_MOST_UNDO]
            elif same(data, last.data, ROOT):
                self._done.pop()  # typed and taken back by hand: nothing is left to be undone
            self._undone.clear()
            self._pending += edits
            self.data = data
        return True

    @property
    def undoes(self) -> str | None:
        """What `undo` would take back."""
        return self._done[-1].title if self._done else None

    def undo(self) -> str | None:
        """Take the last change back, and say which; `None` if there is none."""
        return self._swap(self._done, self._undone)

    def redo(self) -> str | None:
        """Make the change that was last taken back again, and say which; `None` if there is none."""
        return self._swap(self._undone, self._done)

    def _swap(self, from_: list[_Change], to: list[_Change]) -> str | None:
        with self._lock:
            if not from_:
                return None
            last = from_.pop()
            to.append(_Change(last.title, self.data, self._document()))
            self._pending.append(last.document or Edit((), last.data))
            self.data = last.data
            return last.title

    def _document(self) -> Document | None:
        return None if self._pending else self.settled.document

    # -- what follows --------------------------------------------------------------------------------------------

    @property
    def is_settled(self) -> bool:
        """Whether `settled` is about what the session says now."""
        return not self._pending

    @property
    def is_saved(self) -> bool:
        """Whether the file says what the session says now."""
        return self.is_settled and self.settled.document.text == self._saved

    def settle(self) -> Settled:
        """Bring text, network and findings up to date. Takes a tenth of a second for 500 hosts; any thread."""
        with self._at_work:
            with self._lock:
                pending, data = list(self._pending), self.data
            if pending:
                settled = _settled(_after(self.settled.document, pending), data)
                with self._lock:
                    self.settled = settled
                    del self._pending[: len(pending)]
            return self.settled

    def save(self, overwrite: bool = False) -> None:
        """Settle, and write the file where it says something else: atomically and synced.

        Raises ChangedElsewhere if the file is no longer what was last read or written here (unless `overwrite`),
        OSError, and EditError where the session has no file yet.
        """
        self.settle()
        with self._at_work:
            document = self.settled.document
            if document.text == self._saved:
                return
            if document.path and not overwrite and self._foreign(document.path):
                raise ChangedElsewhere(f"{document.path} was changed by somebody else; it is not overwritten")
            document.save()
            self._saved = document.text

    def _foreign(self, path: Path) -> bool:
        try:
            there = path.read_bytes()
        except FileNotFoundError:
            return False
        return self._saved is None or _digest(there) != _digest(self._saved.encode())


def open_draft(path: Path) -> Draft | tuple[Finding, ...]:
    """The draft of a session file, or why its text cannot be edited."""
    document = load(path)
    if document.tree is None or not isinstance(plain(document.tree), dict):
        return document.findings
    return Draft(document)


def _after(document: Document, pending: Sequence[Edit | Document]) -> Document:
    edits: list[Edit] = []
    for one in pending:
        if isinstance(one, Document):
            document, edits = one, []
        else:
            edits.append(one)
    return document.edit(edits) if edits else document


def _settled(document: Document, data: Any = None) -> Settled:
    network = document.network or mended_network(plain(document.tree) if data is None else data)
    base = document.path.absolute().parent if document.path else None
    before = recall(Workspace(document.path).assigned, network.name) if document.path and network else None
    found = check(network, base, before) if network else ()
    wrong = {finding.path for finding in document.findings}
    rules = [document.place(finding) for finding in found if not _below(finding.path, wrong)]
    return Settled(document, network, (*document.findings, *rules))


def _below(path: SessionPath, places: set[SessionPath]) -> bool:
    return any(path[:length] in places for length in range(1, len(path) + 1))


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
