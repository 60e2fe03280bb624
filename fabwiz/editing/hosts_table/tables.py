"""Tables: Markdown, values between commas, semicolons or tabs, and columns with blanks between."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fabwiz.editing.hosts_table.guess import columns_of, is_dns_login, is_ip_login
from fabwiz.editing.hosts_table.headers import header_of
from fabwiz.editing.hosts_table.raw import MAX_LINE, MAX_ROWS, Column, Form, Found, Raw, is_nothing

Line = tuple[int, str]

_BAR = re.compile(r"(?<!\\)\|")
_ALIGNMENT = re.compile(r"[\s|:+=-]*(?:--|:-|-:|\|\s*-\s*\|)[\s|:+=-]*")
_DECORATION = re.compile(r"[\s*_`]*(.*?)[\s*_`]*", re.DOTALL)
_SAMPLE = 60
_WIDE_GAP = re.compile(r" *\t[ \t]*| {2,}")


@dataclass(frozen=True)
class Split:
    """A way to cut lines into cells."""

    form: Form
    cells: Callable[[str], list[str]]


def split_for(lines: list[Line]) -> Split | None:
    """How the lines are cut into cells, if they are a table with bars, tabs, commas or semicolons."""
    sample = [line for _, line in lines[:_SAMPLE]]
    if any("|" in line and _is_alignment(line) for line in sample) or _share(sample, "|") >= 0.6:
        return Split(Form.MARKDOWN, _bars)
    for delimiter, form in (("\t", Form.TSV), (";", Form.CSV), (",", Form.CSV)):
        if _share(sample, delimiter) >= 0.6 and not (delimiter not in sample[0] and blanks_for(lines)):
            return Split(form, lambda line, by=delimiter: _values(line, by))  # type: ignore[misc]
    return None


def blanks_for(lines: list[Line]) -> Split | None:
    """How lines under a header with blanks between its words are cut: at wide gaps, else at every blank."""
    first = lines[0][1].strip()[:MAX_LINE]
    for cut in (_WIDE_GAP.split, str.split):
        cells = cut(first)
        if len(cells) > 1 and header_of(cells):
            return Split(Form.COLUMNS, lambda line, cut=cut: cut(line.strip()))  # type: ignore[misc]
    return None


def read(lines: list[Line], split: Split) -> Found | None:
    """The rows of the first table in the lines; `None` if no column of it tells an address or a name."""
    found = Found([])
    if split.form is Form.MARKDOWN:
        lines = _table_of(lines, found)
    lines = [line for line in lines if not line[1].lower().startswith("sep=")]
    for position, (_, first) in enumerate(lines[:_SAMPLE]):
        header = split.cells(first[:MAX_LINE])
        if columns := header_of(header):
            if position:
                found.notes.append(f"left out before the table: {_lines(position)}")
            found.columns = [(cell[:40], column) for cell, column in zip(header, columns, strict=True)]
            found.rows = _rows(lines[position + 1 :], columns, split)
            _tell_unused(found)
            return found
    sample = [split.cells(line) for _, line in lines[:_SAMPLE] if len(line) <= MAX_LINE]
    if not (guessed := columns_of(sample)):
        return None
    found.columns = [(f"column {number}", column) for number, column in enumerate(guessed, 1)]
    found.notes.append("the table has no header that is known; what its columns say was taken from what stands in them")
    found.rows = _rows(lines, guessed, split)
    _tell_unused(found)
    return found


def _rows(lines: Iterable[Line], columns: list[Column | None], split: Split) -> list[Raw]:
    rows: list[Raw] = []
    # in a table with passwords, a line with other cells than its header might show one in the place of a name;
    # between blanks nobody can tell which cell is missing
    is_strict = Column.PASSWORD in columns or split.form is Form.COLUMNS
    for number, line in lines:
        if _is_alignment(line):
            continue
        if len(rows) > MAX_ROWS:
            break
        if len(line) > MAX_LINE:
            rows.append(Raw(number, {}, problem=f"the line has {len(line)} characters; {MAX_LINE} are read"))
            continue
        values = split.cells(line)
        while len(values) > len(columns) and not values[-1]:
            values.pop()
        if len(values) != len(columns) and (is_strict or len(values) > len(columns)):
            says = f"the line has {len(values)} cells and the header {len(columns)}: nothing of it was taken"
            rows.append(Raw(number, {}, problem=says))
            continue
        if "@" in line and _is_torn(values):
            says = "it looks like a login with a password: nothing of it was taken"
            rows.append(Raw(number, {}, had_password=True, problem=says))
            continue
        row = Raw(number, {})
        for column, value in zip(columns, values, strict=False):
            if column is Column.PASSWORD:
                row.had_password = row.had_password or not is_nothing(value)
            elif column is not None and value and (column is Column.SUDO or not is_nothing(value)):
                row.cells[column] = value
        if row.cells:
            rows.append(row)
    return rows


def _is_torn(values: list[str]) -> bool:
    """Whether cells look like `user:pass,word@address` cut at a sign of the password."""
    started = False
    for value in values:
        if started and "@" in value:
            return True
        started = started or (":" in value and "@" not in value and not (is_ip_login(value) or is_dns_login(value)))
    return False


def _table_of(lines: list[Line], found: Found) -> list[Line]:
    """The lines of the first table with bars that has a row of its own under its header, else all with bars."""
    start = next((n for n, (_, line) in enumerate(lines) if "|" in line and _is_alignment(line)), 0)
    start = max(start - 1, 0)
    while start < len(lines) and "|" not in lines[start][1]:
        start += 1
    end = start
    while end < len(lines) and ("|" in lines[end][1] or _is_alignment(lines[end][1])):
        # empty lines end a table, too
        if end > start and lines[end][0] > lines[end - 1][0] + 1:
            break
        end += 1
    if start or end < len(lines):
        found.notes.append(f"left out before and after the table: {_lines(start + len(lines) - end)}")
    return lines[start:end]


def _bars(line: str) -> list[str]:
    text = line.strip()
    cells = _BAR.split(text.removeprefix("|"))
    if text.startswith("|") and len(cells) > 1 and not cells[-1]:
        cells.pop()
    return [_DECORATION.fullmatch(cell.replace("\\|", "|"))[1] for cell in cells]  # type: ignore[index]


def _values(line: str, delimiter: str) -> list[str]:
    try:
        cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        cells = line.split(delimiter)
    return [cell.strip() for cell in cells]


def _is_alignment(line: str) -> bool:
    return len(line) <= MAX_LINE and not line.strip("|:+=- \t") and _ALIGNMENT.fullmatch(line) is not None


def _share(sample: list[str], delimiter: str) -> float:
    return sum(delimiter in line for line in sample) / len(sample)


def _tell_unused(found: Found) -> None:
    unused = [name for name, column in found.columns if column is None and name]
    if unused:
        shown = ", ".join(unused[:6]) + (", ..." if len(unused) > 6 else "")
        found.notes.append(f"not understood and left out: {shown}")


def _lines(count: int) -> str:
    return f"{count} line{'' if count == 1 else 's'}"
