"""What a generation of keys did."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Outcome(StrEnum):
    """What became of one folder."""

    CREATED = "created"
    COMPLETED = "completed"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class CryptoReport:
    """Folders of CAs, organizations' MSPs, nodes and users, each in one of three lists."""

    created: list[Path] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)
    completed: list[Path] = field(default_factory=list)
    """They were there, but something in them was missing; keys that were there are the same as before."""

    def add(self, folder: Path, outcome: Outcome) -> None:
        """Note what became of a folder."""
        {Outcome.CREATED: self.created, Outcome.KEPT: self.kept, Outcome.COMPLETED: self.completed}[outcome].append(
            folder
        )
