"""Everything that can be said about a session file before a run: as a file, by every rule, and beside what runs."""

from __future__ import annotations

from fabwiz.rules.checking import check
from fabwiz.session.assigned import recall
from fabwiz.session.document import Document
from fabwiz.session.findings import Finding
from fabwiz.session.workspace import Workspace


def check_whole(document: Document) -> tuple[Finding, ...]:
    """Findings of the file, then of the rules with line and column; what was started before is compared with, too."""
    if document.network is None:
        return document.findings
    base = document.path.absolute().parent if document.path else None
    before = recall(Workspace(document.path).assigned, document.network.name) if document.path else None
    found = check(document.network, base, before)
    return (*document.findings, *(document.place(finding) for finding in found))
