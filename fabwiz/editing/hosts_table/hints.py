"""What names, groups and services tell of the roles that a host is meant for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from fabwiz.editing.hosts_table.raw import Column, Raw
from fabwiz.rules.naming import DNS_NAME, LABEL
from fabwiz.rules.suggest import label
from fabwiz.session.network import Role


@dataclass(frozen=True, slots=True)
class Hint:
    """A node that a host is probably meant to run; `None` where nothing tells."""

    role: Role
    node: str | None = None
    """Its name in the session, such as `kafka3`."""
    organization: str | None = None
    """Of a peer."""
    domain: str | None = None
    """Of a peer's organization."""


_WORDS = (
    (Role.ZOOKEEPER, re.compile(r"(?<![a-z])(?:zookeeper|zoo|zk)s?(?![a-z])")),
    (Role.KAFKA, re.compile(r"(?<![a-z])(?:kafka|broker)s?(?![a-z])")),
    (Role.ORDERER, re.compile(r"(?<![a-z])(?:orderer|ordering)s?(?![a-z])|排序")),
    (Role.PEER, re.compile(r"(?<![a-z])peers?(?![a-z])")),
)
_NODE = re.compile(r"(?:zookeeper|zoo|zk|kafka|broker|orderer|peer)[-_]?[0-9]*(?=$|\.|[-_]?org)")
_ORGANIZATION = re.compile(r"(?<![a-z])org[-_]?([0-9]{1,6})(?![a-z0-9])")
_BETWEEN = re.compile(r"[\s,;+&、，；/|]+")
_MOST_SERVICES = 32


@lru_cache(maxsize=4096)
def roles_in(text: str) -> tuple[Role, ...]:
    """The roles that a name tells."""
    lower = text[:300].lower()
    return tuple(role for role, word in _WORDS if word.search(lower))


def organization_of(raw: Raw) -> str | None:
    """The organization of a row: what its column says, else `Org1` where a name or a group has org1 in it."""
    if given := raw.cells.get(Column.ORGANIZATION, ""):
        return label(given[:200], fallback="Org")
    names = (raw.cells.get(column, "") for column in (Column.HOSTNAME, Column.NAME))
    return next((found for name in (*names, *raw.groups) if (found := _organization_in(name))), None)


def hints_of(raw: Raw, organization: str | None) -> tuple[Hint, ...]:
    """What a row tells of its host's roles. Name and host name speak of one node, a list of services of each."""
    hints = [hint for word in _services(raw) for hint in _of_name(word, None, organization)]
    name, hostname = raw.cells.get(Column.NAME, ""), raw.cells.get(Column.HOSTNAME, "")
    known = {hint.role for hint in hints}
    own = _of_name(name, hostname, organization) or _of_name(hostname, None, organization)
    hints += [hint for hint in own if hint.role not in known]
    known |= {hint.role for hint in hints}
    for role in dict.fromkeys(role for group in raw.groups for role in roles_in(group)):
        if role not in known:
            hints.append(_hint(role, name or hostname, hostname, organization))
            known.add(role)
    if organization and not hints:
        # a machine of an organization that is nothing else is one of its peers
        hints.append(_hint(Role.PEER, name, hostname, organization))
    return tuple(dict.fromkeys(hints))


def merged(one: Iterable[Hint], other: Iterable[Hint]) -> tuple[Hint, ...]:
    """All hints, each once."""
    return tuple(dict.fromkeys((*one, *other)))


def _services(raw: Raw) -> list[str]:
    return [word for word in _BETWEEN.split(raw.cells.get(Column.ROLES, "")) if word][:_MOST_SERVICES]


def _of_name(name: str, hostname: str | None, organization: str | None) -> list[Hint]:
    return [_hint(role, name, hostname or name, organization) for role in roles_in(name)]


def _hint(role: Role, name: str, hostname: str, organization: str | None) -> Hint:
    names = [text[:300].lower() for text in (name, hostname)]
    node = next((match[0] for text in names if (match := _NODE.match(text)) and roles_in(match[0]) == (role,)), None)
    if node is not None:
        node = node.strip("-_") if node[-1:].isdecimal() else None  # a bare `kafka` is a role, not a name
    domain = None
    is_full = "." in hostname and len(hostname) <= 253 and DNS_NAME.fullmatch(hostname) is not None
    if role is Role.PEER:
        first, _, rest = hostname.lower().partition(".")
        if is_full and "." in rest:
            domain = rest
            node = node or (first if LABEL.fullmatch(first) else None)
        organization = _organization_in(hostname) or _organization_in(name) or organization
        if node is None and organization and names[0].endswith(organization.lower()):
            node = names[0].removesuffix(organization.lower()).strip("-_.") or None  # `foo27org5` is foo27 of Org5
        return Hint(role, _valid(node), organization, domain)
    return Hint(role, _valid(node))


def _valid(node: str | None) -> str | None:
    return label(node) if node else None


def _organization_in(name: str) -> str | None:
    match = _ORGANIZATION.search(name[:300].lower())
    return f"Org{match[1]}" if match else None
