"""What faults came to, kept for a table that the run itself makes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROWS = "faults.json"
HEAD = ("Fault", "What fabwiz did", "Noticed after", "End state")
_LONGEST = 110
BEGIN, END = "<!-- table of faults: made by a run -->", "<!-- end of the table of faults -->"


@dataclass(slots=True)
class Row:
    """One fault, or the same one several times."""

    fault: str
    did: str
    end: str
    times: int = 1
    noticed: list[float] = field(default_factory=list)
    """Seconds, of each time that it was noticed."""

    def cells(self) -> tuple[str, str, str, str]:
        """As it stands in the table."""
        fault = self.fault if self.times == 1 else f"{self.fault}, {self.times} times"
        seconds = sorted({f"{second:.0f}" for second in self.noticed}, key=int)
        noticed = f"{' to '.join(dict.fromkeys((seconds[0], seconds[-1])))} s" if seconds else "-"
        return fault, _short(self.did), noticed, self.end


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Rows in the order in which they came."""

    rows: list[Row] = field(default_factory=list)

    def note(self, fault: str, did: str, noticed: float | None, end: str, times: int = 1) -> None:
        """A fault. `noticed`: seconds until fabwiz said that something is wrong; None: it never had to.

        What is told alike several times becomes one row.
        """
        self.add(Row(fault, did, end, times, [] if noticed is None else [noticed]))

    def add(self, new: Row) -> None:
        """Take a row, into one that says the same if there is one."""
        for row in self.rows:
            if (row.fault, row.did, row.end) == (new.fault, new.did, new.end):
                row.times += new.times
                row.noticed += new.noticed
                return
        self.rows.append(new)

    def plain_rows(self) -> list[dict[str, Any]]:
        """The rows as JSON types."""
        return [asdict(row) for row in self.rows]

    def write(self, file: Path) -> None:
        """Keep the rows."""
        file.write_text(json.dumps(self.plain_rows(), indent=1))

    def read(self, file: Path) -> None:
        """Add rows that a run kept, if it came to any."""
        for row in json.loads(file.read_text()) if file.exists() else ():
            self.add(Row(**row))

    def markdown(self) -> str:
        """A table."""
        return "\n".join(_line(row) for row in (HEAD, ("---",) * len(HEAD), *self._cells()))

    def plain(self) -> Iterator[str]:
        """The same for a terminal, with columns."""
        table = [HEAD, *self._cells()]
        widths = [max(len(row[column]) for row in table) for column in range(len(HEAD))]
        for row in table:
            yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()

    def _cells(self) -> list[tuple[str, str, str, str]]:
        return [row.cells() for row in self.rows if row.times]


def put_into(readme: Path, table: str) -> None:
    """Replace the table between the two marks of a file."""
    before, _, rest = readme.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    readme.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}")


def _short(text: str) -> str:
    """Beginning and end: what failed, and the system's own word for it."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]} ... {text[-_LONGEST // 2 :]}"


def _line(row: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.split()).replace("|", "\\|") for cell in row) + " |"
