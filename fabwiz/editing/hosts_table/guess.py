"""What the columns of a table without a header say. Anything that might be a password is not taken for a name."""

from __future__ import annotations

import re
from collections.abc import Callable

from fabwiz.editing.hosts_table.hints import roles_in
from fabwiz.editing.hosts_table.login import login_of
from fabwiz.editing.hosts_table.raw import Column
from fabwiz.rules.addresses import ip_of
from fabwiz.rules.naming import DNS_NAME

LOGINS = frozenset(
    {"root", "admin", "administrator", "ubuntu", "debian", "centos", "ec2-user", "fedora", "azureuser", "vagrant"}
)
"""Names that people log in to servers with."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,62}")
_NUMBERED = re.compile(r"[A-Za-z][A-Za-z._-]{0,40}[0-9]{1,4}")


def columns_of(sample: list[list[str]]) -> list[Column | None] | None:
    """What each column says, by its cells; `None` where none holds addresses.

    After the address, a column is taken for names only if these tell roles or are numbered through under one stem:
    it might as well be one of passwords.
    """
    width = max((len(row) for row in sample), default=0)
    columns = [[row[n] for row in sample if n < len(row) and row[n]] for n in range(min(width, 64))]
    found: list[Column | None] = [None] * width
    address = next((n for n, cells in enumerate(columns) if _mostly(cells, is_ip_login)), None)
    if address is None:
        address = next((n for n, cells in enumerate(columns) if _mostly(cells, is_dns_login)), None)
    if address is None:
        return None
    found[address] = Column.ADDRESS
    for n, cells in enumerate(columns):
        if n == address or not cells:
            continue
        column = _of_cells(cells, before=n < address)
        if column is not None and column not in found:
            found[n] = column
    return found


def is_ip_login(cell: str) -> bool:
    """An IP address, maybe with a user and a port."""
    return len(cell) < 300 and ip_of(login_of(cell).address) is not None


def is_dns_login(cell: str) -> bool:
    """A DNS name with a dot in it, maybe with a user and a port."""
    address = login_of(cell).address if len(cell) < 300 else ""
    return "." in address and DNS_NAME.fullmatch(address) is not None and not address.split(".")[-1].isdecimal()


def _of_cells(cells: list[str], before: bool) -> Column | None:
    if all(cell.lower() in LOGINS for cell in cells):
        return Column.USER
    if "22" in cells and all(cell.isascii() and cell.isdecimal() and len(cell) < 6 for cell in cells):
        return Column.PORT
    if not all(_NAME.fullmatch(cell) for cell in cells):
        return None
    stems = {cell.rstrip("0123456789").lower() for cell in cells}
    numbered = len(cells) > 1 and len(stems) == 1 and all(_NUMBERED.fullmatch(cell) for cell in cells)
    tells = before or numbered or sum(bool(roles_in(cell)) for cell in cells) * 2 >= len(cells)
    return Column.NAME if tells and len(set(cells)) == len(cells) else None


def _mostly(cells: list[str], is_one: Callable[[str], bool]) -> bool:
    return bool(cells) and sum(map(is_one, cells)) >= 0.6 * len(cells)
