"""What faults came to, kept for a table that the run itself makes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROWS = "faults.json"
HEAD = ("Fault", "What fabwiz did", "Noticed after", "End state")
_LONGEST = 110
BEGIN, END = "<!-- table of faults: made by a run of the lab -->", "<!-- end of the table of faults -->"


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Rows in the order in which they came."""

    rows: list[tuple[str, str, str, str]] = field(default_factory=list)

    def note(self, fault: str, did: str, noticed: float | None, end: str) -> None:
        """One fault. `noticed`: seconds until fabwiz said that something is wrong; None: it never had to."""
        seconds = "-" if noticed is None else f"{noticed:.0f} s"
        self.rows.append((fault, _short(did), seconds, end))

    def write(self, file: Path) -> None:
        """Keep the rows."""
        file.write_text(json.dumps(self.rows, indent=1))

    def read(self, file: Path) -> None:
        """Add rows that a run kept, if it came to any."""
        if file.exists():
            self.rows.extend(tuple(row) for row in json.loads(file.read_text()))

    def markdown(self) -> str:
        """A table."""
        return "\n".join(_line(row) for row in (HEAD, ("---",) * len(HEAD), *self.rows))

    def plain(self) -> Iterator[str]:
        """The same for a terminal, with columns."""
        table = [HEAD, *self.rows]
        widths = [max(len(row[column]) for row in table) for column in range(len(HEAD))]
        for row in table:
            yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def put_into(readme: Path, table: str) -> None:
    """Replace the table between the two marks of a file."""
    before, _, rest = readme.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    readme.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}")


def _short(text: str) -> str:
    """Beginning and end: what failed, and the system's own word for it."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} ... {text[-_LONGEST // 2 :]}"


def _line(row: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
