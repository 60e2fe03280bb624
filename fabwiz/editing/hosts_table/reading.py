"""From a pasted text to a table of hosts; the form of the text is recognized by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fabwiz.editing.hosts_table import cells, hints, inventory, lines, tables
from fabwiz.editing.hosts_table.naming import Names, names_of
from fabwiz.editing.hosts_table.raw import MAX_ROWS, MAX_TEXT, Column, Form, Found, Raw, lines_of
from fabwiz.editing.hosts_table.rows import Problem, Row, Table
from fabwiz.rules.addresses import normal

_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY|PuTTY-User-Key-File-\d")


def read_table(text: str, existing: Mapping[str, Any] | None = None) -> Table:
    """The hosts that a pasted text tells of. Never raises for what the text holds, and takes a bounded time.

    `existing` is what the session has under `hosts` (plain data: address, or mapping of settings): what is there
    already is told and not taken twice. Passwords are recognized by their column, variable or place, and dropped.
    """
    if len(text) > MAX_TEXT:
        return _nothing(f"the text has {len(text):,} characters; {MAX_TEXT:,} are read: paste less of it")
    if _PRIVATE_KEY.search(text):
        return _nothing("there is a private key in the text; nothing of it was taken")
    numbered, hidden = lines_of(text)
    if not numbered:
        return _nothing("there is no text")
    form, found = _read(numbered)
    notes = list(found.notes)
    if hidden:
        notes.append(f"left out: {hidden} character{'' if hidden == 1 else 's'} that cannot be seen")
    if len(found.rows) > MAX_ROWS:
        notes.append(f"only the first {MAX_ROWS:,} rows are read")
        del found.rows[MAX_ROWS:]
    if not found.rows:
        notes.append("no host was found: paste a table with a column for addresses, or one address a line")
    rows = _rows(found, existing or {})
    if any(row.had_password or row.had_sudo_password for row in rows) or _has_password(found):
        notes.append("passwords are not kept: a run asks for them, or use a key")
    return Table(form, tuple(found.columns), tuple(rows), tuple(notes))


def _read(numbered: list[tuple[int, str]]) -> tuple[Form, Found]:
    split = tables.split_for(numbered)
    found = tables.read(numbered, split) if split is not None else None
    is_known = found is not None and not _is_guessed(found)
    # a whole document around a table may have anything in it, [words] in brackets too
    is_document = is_known and split is not None and split.form is Form.MARKDOWN
    if inventory.is_inventory(numbered) and not is_document:
        return Form.ANSIBLE, inventory.read(numbered)
    # /etc/hosts may have tabs and lists may have commas; tables with a header that is known are told apart by it
    if split is not None and found is not None:
        if split.form is Form.MARKDOWN or is_known:
            return split.form, found
        # one column of addresses among others that say nothing may be a list with commas, or its cells one by one
        says_more = any(column not in (None, Column.ADDRESS) for _, column in found.columns)
        if not lines.is_etc_hosts(numbered) and (says_more or not lines.is_list(numbered)):
            return split.form, found
    if split is None and (blanks := tables.blanks_for(numbered)) and (found := tables.read(numbered, blanks)):
        return blanks.form, found
    if lines.is_etc_hosts(numbered):
        return Form.ETC_HOSTS, lines.etc_hosts(numbered)
    if (within := _in_prose(numbered)) is not None:
        return within
    if lines.is_list(numbered):
        return Form.LIST, lines.addresses(numbered)
    return Form.UNKNOWN, Found([])


def _in_prose(numbered: list[tuple[int, str]]) -> tuple[Form, Found] | None:
    """The first paragraph that is a table with blanks between, under a header that is known."""
    start = 0
    for end in range(1, len(numbered) + 1):
        if end < len(numbered) and numbered[end][0] == numbered[end - 1][0] + 1:
            continue
        paragraph, start = numbered[start:end], end
        blanks = tables.blanks_for(paragraph) if len(paragraph) > 1 else None
        found = tables.read(paragraph, blanks) if blanks else None
        if blanks and found is not None and any(row.problem is None for row in found.rows):
            found.notes.append(f"left out before and after the table: {len(numbered) - len(paragraph)} lines")
            return blanks.form, found
    return None


def _is_guessed(found: Found) -> bool:
    return bool(found.columns) and found.columns[0][0] == "column 1"


def _has_password(found: Found) -> bool:
    return any(column is Column.PASSWORD for _, column in found.columns)


def _nothing(note: str) -> Table:
    return Table(Form.UNKNOWN, (), (), (note,))


def _rows(found: Found, existing: Mapping[str, Any]) -> list[Row]:
    good = [raw for raw in found.rows if raw.problem is None]
    for raw in good:
        _complete(raw)
    names = dict(zip(map(id, good), names_of(good, existing), strict=True))
    known = _Known(existing)
    rows: list[Row] = []
    for raw in found.rows:
        if raw.problem is not None:
            problem = Problem(raw.problem)
            rows.append(Row(raw.line, problems=(problem,), had_password=raw.had_password))
            continue
        rows.append(_row(raw, *names[id(raw)]))
    return known.sifted(rows)


def _complete(raw: Raw) -> None:
    """A table without a column for addresses may have them, or names that DNS knows, in another."""
    if Column.ADDRESS not in raw.cells:
        other = raw.cells.get(Column.HOSTNAME) or raw.cells.get(Column.NAME)
        if other:
            raw.cells[Column.ADDRESS] = other


def _row(raw: Raw, name: str, change: str | None) -> Row:
    organization = hints.organization_of(raw)
    read = cells.read(raw)
    return Row(
        raw.line,
        name,
        read.address,
        read.user,
        read.port,
        read.key,
        read.jump,
        read.sudo,
        organization,
        hints.hints_of(raw, organization),
        read.had_password,
        raw.had_sudo_password,
        tuple(([change] if change else []) + read.changes),
        tuple(read.problems),
    )


class _Known:
    """Names and addresses that are taken, by the session or by rows that came before."""

    def __init__(self, existing: Mapping[str, Any]) -> None:
        self._names = {name.lower(): name for name in existing}
        self._addresses: dict[tuple[str, int], str] = {}
        for name, host in existing.items():
            address = host.get("address") if isinstance(host, Mapping) else host
            ssh = host.get("ssh") if isinstance(host, Mapping) else None
            port = ssh.get("port") if isinstance(ssh, Mapping) else None
            if isinstance(address, str):
                self._addresses[normal(address), port if isinstance(port, int) else 22] = name

    def sifted(self, rows: list[Row]) -> list[Row]:
        """The rows with what is wrong between them; a machine that stands twice keeps its first row with all roles."""
        result: list[Row] = []
        first: dict[tuple[str, int], int] = {}
        lines_by_name: dict[str, int] = {}
        all_names = Names([*(row.name for row in rows), *self._names.values()])
        for row in rows:
            if row.usable and row.address is not None:
                place = normal(row.address), row.port or 22
                if place in first:
                    at = first[place]
                    result[at] = replace(
                        result[at],
                        hints=hints.merged(result[at].hints, row.hints),
                        had_password=result[at].had_password or row.had_password,
                    )
                    says = (
                        f"the same machine as in line {result[at].line}, {result[at].name}: taken once, for all roles"
                    )
                    result.append(_blocked(row, says, Column.ADDRESS))
                    continue
                row = self._against_session(row, place)
                if row.usable:
                    if row.name in lines_by_name:
                        row = _renamed(row, all_names.another(row.name), lines_by_name[row.name])
                    lines_by_name[row.name] = row.line
                    first[place] = len(result)
            result.append(row)
        return result

    def _against_session(self, row: Row, place: tuple[str, int]) -> Row:
        if (other := self._addresses.get(place)) is not None:
            return _blocked(row, f"the session has this machine already, as {other}", Column.ADDRESS)
        if (other := self._names.get(row.name)) is not None:
            return _blocked(
                row, f"the session has another host {other} already: give this one another name", Column.NAME
            )
        return row


def _blocked(row: Row, message: str, column: Column) -> Row:
    return replace(row, problems=(*row.problems, Problem(message, column)))


def _renamed(row: Row, name: str, line: int) -> Row:
    problem = Problem(f"line {line} has the name {row.name}, too; called {name}", Column.NAME, blocks=False)
    return replace(row, name=name, problems=(*row.problems, problem))
