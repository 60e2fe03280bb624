"""A table of hosts -> edits of the session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fabwiz.editing.hosts_table.hints import Hint
from fabwiz.editing.hosts_table.naming import Names
from fabwiz.editing.hosts_table.rows import Row, Table
from fabwiz.rules.addresses import normal
from fabwiz.session.findings import Edit
from fabwiz.session.network import Role

_SECTIONS = {
    Role.ZOOKEEPER: ("zookeeper", "zk1"),
    Role.KAFKA: ("kafka", "kafka1"),
    Role.ORDERER: ("orderers", "orderer1"),
}
_DEFAULT_PORT = 22


def host_edits(table: Table, data: Any = None, *, passwords: bool = True) -> tuple[Edit, ...]:
    """Edits that add the usable rows of a table to a session.

    `data` is the plain data of the session. A setting that all rows share goes to `ssh` once, where that changes
    nothing for hosts that are there already. A host of which only the address is known gets the short form. Where
    there was a password and no key, `ssh.password` becomes `ask`; `passwords=False` leaves that out.
    """
    rows = table.usable
    if not rows:
        return ()
    data = data if isinstance(data, Mapping) else {}
    said = data.get("ssh") if isinstance(data.get("ssh"), Mapping) else {}
    names = _names(rows)
    wanted = {row.name: _settings(row, names, passwords) for row in rows}
    gates = {settings.get("jump") for settings in wanted.values()}
    general: dict[str, Any] = {}
    for setting in ("user", "port", "key", "password", "jump", "sudo"):
        # a host that others jump through has no jump host of its own, and none is meant for it
        values = [
            settings.get(setting)
            for name, settings in wanted.items()
            if setting != "jump" or "jump" in settings or name not in gates
        ]
        usual = said.get(setting)
        if len(set(values)) == 1 and values[0] is not None and usual is None and not data.get("hosts"):
            if (setting, values[0]) != ("port", _DEFAULT_PORT):
                general[setting] = values[0]
            usual = values[0]
        elif setting == "port" and usual is None:
            usual = _DEFAULT_PORT
        for settings in wanted.values():
            if settings.get(setting) == usual:
                settings.pop(setting, None)
    edits = [Edit(("ssh", setting), value) for setting, value in general.items()]
    for row in rows:
        ssh = wanted[row.name]
        edits.append(Edit(("hosts", row.name), {"address": row.address, "ssh": ssh} if ssh else row.address))
    return tuple(edits)


def node_edits(table: Table, data: Any = None) -> tuple[Edit, ...]:
    """Edits that place the nodes which the usable rows tell of on their hosts, beside those that are there already.

    A node that the session has on any host is not placed again. A peer needs an organization: one that is told and
    not there is made, with the domain that is told or else below the session's, and with its first peer as anchor.
    """
    data = data if isinstance(data, Mapping) else {}
    edits: list[Edit] = []
    sections = {section: set(_mapping(data, section)) for section, _ in _SECTIONS.values()}
    told = {hint.node for role in _SECTIONS for _, hint in _hints(table, role) if hint.node}
    names = Names(told.union(*sections.values()))
    for role, (section, first) in _SECTIONS.items():
        for row, hint in _hints(table, role):
            if hint.node is None or hint.node not in sections[section]:
                name = hint.node or names.another(first)
                sections[section].add(name)
                edits.append(Edit((section, name), row.name))
    return (*edits, *_peers(table, data))


def _peers(table: Table, data: Mapping[str, Any]) -> list[Edit]:
    edits: list[Edit] = []
    organizations = _mapping(data, "organizations")
    known = {name.lower(): name for name in organizations}
    peers = {name: set(_mapping(one, "peers")) for name, one in organizations.items()}
    made: dict[str, dict[str, Any]] = {}
    free: dict[str, Names] = {}
    told: dict[str, set[str]] = {}
    hints = _hints(table, Role.PEER)
    for _, hint in hints:
        if hint.organization and hint.node:
            told.setdefault(hint.organization.lower(), set()).add(hint.node)
    for row, hint in hints:
        if hint.organization is None:
            continue
        name = known.setdefault(hint.organization.lower(), hint.organization)
        there = peers.setdefault(name, set())
        if name not in free:
            free[name] = Names(there | told.get(name.lower(), set()))
        peer = hint.node or free[name].another("peer0")
        if peer in there:
            continue
        there.add(peer)
        if name in organizations:
            edits.append(Edit(("organizations", name, "peers", peer), row.name))
            continue
        domain = hint.domain or f"{name.lower()}.{data.get('domain') or 'example.com'}"
        one = made.setdefault(name, {"domain": domain, "peers": {}, "anchors": [peer]})
        one["peers"][peer] = row.name
    edits += [Edit(("organizations", name), one) for name, one in made.items()]
    return edits


def _hints(table: Table, role: Role) -> list[tuple[Row, Hint]]:
    return [(row, hint) for row in table.usable for hint in row.hints if hint.role is role]


def _mapping(data: Any, key: str) -> Mapping[str, Any]:
    found = data.get(key) if isinstance(data, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _settings(row: Row, names: Mapping[str, str], passwords: bool) -> dict[str, Any]:
    jump = names.get(normal(row.jump), row.jump) if row.jump else None
    settings = {
        "user": row.user,
        "port": row.port,
        "key": row.key,
        "password": "ask" if passwords and row.had_password and not row.key else None,
        "jump": None if jump == row.name else jump,
        "sudo": "ask" if row.had_sudo_password and row.sudo in (None, "auto") else row.sudo,
    }
    return {
        setting: value
        for setting, value in settings.items()
        if value is not None and (setting, value) != ("sudo", "auto")
    }


def _names(rows: tuple[Row, ...]) -> dict[str, str]:
    """The names of the hosts by how a jump host may be written: its address, or its name in any case."""
    return {normal(row.address): row.name for row in rows if row.address} | {row.name: row.name for row in rows}
