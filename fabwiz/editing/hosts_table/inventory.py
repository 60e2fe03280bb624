"""Ansible's inventories in INI form.

Source: Ansible's documentation, "How to build your inventory" and the `ini` inventory plugin: groups, `:vars`,
`:children`, ranges of host names, `key=value` behind a host. What a group says a nearer group or the host overrides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fabwiz.editing.hosts_table.headers import is_secret
from fabwiz.editing.hosts_table.login import login_of
from fabwiz.editing.hosts_table.ranges import TooMany, expanded
from fabwiz.editing.hosts_table.raw import MAX_LINE, MAX_ROWS, Column, Found, Raw, is_nothing
from fabwiz.rules.addresses import ip_of

Line = tuple[int, str]

MAX_GROUPS = 500
"""Groups that are read."""
MAX_MEMBERSHIPS = 32
"""Groups of one host that are looked at, the nearest first."""

_SECTION = re.compile(r"\s*\[([^\]\[:]{1,200})(?::(vars|children|hosts))?\]\s*(?:[#;].*)?")
_SETTING = re.compile(r"([A-Za-z_][\w.-]{0,80})\s*=\s*(\"(?:[^\"\\]|\\.)*\"|'[^']*'|\S*)")
_VARIABLE = re.compile(r"\s*([A-Za-z_][\w.-]{0,80})\s*=\s*(.*?)\s*")
_ANSIBLE = re.compile(r"(?:^|\s)ansible_[a-z_]{2,40}\s*=")
_SSH_JUMP = re.compile(r"(?:ProxyJump[= ]|-J\s*)[\"']?([^\s\"',]{1,200})")
_SSH_PROXY = re.compile(r"ssh\s.{0,200}?([^\s\"'=@-][^\s\"'=@]{0,80}@[^\s\"']{1,200})")
_COLUMNS = {
    "ansible_host": Column.ADDRESS,
    "ansible_ssh_host": Column.ADDRESS,
    "ansible_port": Column.PORT,
    "ansible_ssh_port": Column.PORT,
    "ansible_user": Column.USER,
    "ansible_ssh_user": Column.USER,
    "ansible_ssh_private_key_file": Column.KEY,
    "ansible_private_key_file": Column.KEY,
    "ansible_become": Column.SUDO,
    "ansible_sudo": Column.SUDO,
    "org": Column.ORGANIZATION,
    "organization": Column.ORGANIZATION,
    "fabric_org": Column.ORGANIZATION,
    "role": Column.ROLES,
    "roles": Column.ROLES,
}
_ARGUMENTS = ("ansible_ssh_common_args", "ansible_ssh_extra_args", "ansible_ssh_args")
_OF_ROOT = re.compile(r"become|sudo|(?:^|_)su_")
_TOP = ("all", "ungrouped")


@dataclass(slots=True)
class _Values:
    """What variables said; of passwords only that there were some."""

    cells: dict[Column, str] = field(default_factory=dict, repr=False)
    password: bool = False
    sudo_password: bool = False

    def take(self, other: _Values) -> None:
        """What the other says overrides."""
        self.cells.update(other.cells)
        self.password |= other.password
        self.sudo_password |= other.sudo_password


@dataclass(slots=True)
class _Listed:
    line: int
    groups: list[str]
    values: _Values


def is_inventory(lines: list[Line]) -> bool:
    """Whether there is a section, or a host with a variable of Ansible's."""
    return any(
        ((match := _SECTION.fullmatch(line[:300])) and ip_of(match[1]) is None) or _ANSIBLE.search(line[:MAX_LINE])
        for _, line in lines[:400]
    )


def read(lines: list[Line]) -> Found:
    """The hosts of an inventory, each once, with all groups that they are in."""
    found = Found([])
    hosts: dict[str, _Listed] = {}
    values: dict[str, _Values] = {}
    parents: dict[str, list[str]] = {}
    group, kind, dropped = "ungrouped", "hosts", 0
    for number, line in lines:
        if len(hosts) + len(found.rows) > MAX_ROWS:
            break
        if len(line) > MAX_LINE:
            found.rows.append(Raw(number, {}, problem=f"the line has {len(line)} characters; {MAX_LINE} are read"))
        elif line.lstrip()[0] in "#;":
            continue
        elif match := _SECTION.fullmatch(line):
            group, kind = match[1].strip(), match[2] or "hosts"
            values.setdefault(group, _Values())
            if len(values) > MAX_GROUPS:
                found.notes.append(f"there are more than {MAX_GROUPS} groups; what follows was not read")
                break
        elif kind == "vars":
            _variable(line, values[group])
        elif kind == "children":
            parents.setdefault(line.split()[0], []).append(group)
        else:
            dropped += _hosts(number, line, group, hosts, found)
    if dropped:
        found.notes.append("variables that say nothing of logging in, and their values, were left out")
    found.rows += [_raw(name, listed, values, parents) for name, listed in hosts.items()]
    found.rows.sort(key=lambda row: row.line)
    return found


def _hosts(number: int, line: str, group: str, hosts: dict[str, _Listed], found: Found) -> int:
    """Take a line of hosts over; how many of its variables were of no use."""
    pattern, _, rest = _uncommented(line).strip().partition(" ") if "\t" not in line else _at_tab(line)
    own = _Values()
    unused = sum(not _assign(own, key, value) for key, value in _SETTING.findall(rest))
    try:
        names = expanded(pattern)
    except TooMany as error:
        found.rows.append(Raw(number, {}, problem=str(error)))
        return unused
    for name in names:
        listed = hosts.setdefault(name, _Listed(number, [], _Values()))
        listed.groups.append(group)
        listed.values.take(own)
    return unused


def _variable(line: str, values: _Values) -> None:
    if match := _VARIABLE.fullmatch(_uncommented(line)):
        _assign(values, match[1], match[2])


def _assign(values: _Values, key: str, value: str) -> bool:
    """Remember what a variable says, if it is of any use here; the value of a password is not looked at."""
    key = key.lower()
    value = value[1:-1] if value[:1] in ("'", '"') and value[-1:] == value[:1] and len(value) > 1 else value
    if key in _ARGUMENTS:
        if match := _SSH_JUMP.search(value) or ("@" in value and _SSH_PROXY.search(value)) or None:
            values.cells[Column.JUMP] = match[1]
        return True
    if (column := _COLUMNS.get(key)) is not None:
        values.cells[column] = value
        return True
    if is_secret(key) and not is_nothing(value):
        if _OF_ROOT.search(key):
            values.sudo_password = True
        else:
            values.password = True
        return True
    return key.startswith("ansible_")


def _raw(name: str, listed: _Listed, values: Mapping[str, _Values], parents: Mapping[str, list[str]]) -> Raw:
    groups = _with_parents(listed.groups[:MAX_MEMBERSHIPS], parents)[:MAX_MEMBERSHIPS]
    every = _Values()
    for group in ("all", *(group for group in reversed(groups) if group not in _TOP)):
        every.take(values.get(group, _Values()))
    every.take(listed.values)
    cells = dict(every.cells)
    login = login_of(name)
    if ip_of(login.address) is None:
        cells[Column.NAME] = login.address
        if "." in login.address:
            cells[Column.HOSTNAME] = login.address
    if login.port:
        cells.setdefault(Column.PORT, login.port)
    cells.setdefault(Column.ADDRESS, login.address)
    shown = tuple(group for group in groups if group not in _TOP)
    return Raw(listed.line, cells, shown, every.password or login.had_password, every.sudo_password)


def _with_parents(groups: Iterable[str], parents: Mapping[str, list[str]]) -> list[str]:
    """The groups and all that these are children of, the nearest first."""
    found = dict.fromkeys(groups)
    queue = list(found)
    for group in queue:  # grows while it is walked
        for parent in parents.get(group, ())[:MAX_GROUPS]:
            if parent not in found:
                found[parent] = None
                queue.append(parent)
    return queue


def _uncommented(line: str) -> str:
    """The line up to a number sign after a blank that stands in no quotes."""
    position = line.find(" #")
    while position >= 0:
        before = line[:position]
        if before.count('"') % 2 == 0 and before.count("'") % 2 == 0:
            return before
        position = line.find(" #", position + 1)
    return line


def _at_tab(line: str) -> tuple[str, str, str]:
    words = _uncommented(line).split(None, 1)
    return words[0], "", words[1] if len(words) > 1 else ""
