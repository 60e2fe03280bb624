"""`Spread for me`: place brokers, ZooKeeper servers, orderers and peers so that losing any one host hurts least."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from fabwiz.editing.allotment import Kind, allot
from fabwiz.editing.mended import mended_network
from fabwiz.editing.reasons import explained
from fabwiz.rules import Subject
from fabwiz.rules.faults import copies_of_topics, needs
from fabwiz.rules.suggest import unique
from fabwiz.session.edits import edited
from fabwiz.session.findings import Edit, SessionPath
from fabwiz.session.network import Network, Node, Role

MOST = 50
"""Nodes of a kind that can be asked for."""

_SECTIONS = {Role.ZOOKEEPER: "zookeeper", Role.KAFKA: "kafka", Role.ORDERER: "orderers"}
_FIRST = {Role.ZOOKEEPER: "zk1", Role.KAFKA: "kafka1", Role.ORDERER: "orderer1", Role.PEER: "peer0"}
_SUBJECTS = {
    Role.ZOOKEEPER: (Subject.ZOOKEEPER,),
    Role.KAFKA: (Subject.WRITES, Subject.CHANNELS),
    Role.ORDERER: (Subject.ORDERERS,),
    Role.PEER: (Subject.PEERS,),
}


class SpreadError(ValueError):
    """Nothing can be spread; the message says what to do first."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How many nodes there are to be: `None` as many as the rules want, or as there are if these are more.

    Nodes that are there are never taken away. `peers` is the number for each organization, or by organization.
    """

    brokers: int | None = None
    servers: int | None = None
    """ZooKeeper servers; an even number becomes the odd one above it."""
    orderers: int | None = None
    peers: int | Mapping[str, int] | None = None
    keep: bool = True
    """Nodes that are placed stay where they are; without it they may move."""
    hosts: Collection[str] | None = None
    """Hosts to place nodes on; `None`: all, but for jump hosts that run nothing."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A proposal: what to change, and what comes of it."""

    edits: tuple[Edit, ...]
    explanation: tuple[str, ...]
    """Sentences for the operator."""
    added: int
    moved: int
    network: Network
    """As it will be."""


@dataclass(slots=True)
class _Group:
    """Nodes of one kind: those that are there, and how many there are to be."""

    role: Role
    nodes: tuple[Node, ...]
    total: int
    organization: str | None = None

    @property
    def path(self) -> SessionPath:
        """Where in the session its nodes stand."""
        return ("organizations", self.organization, "peers") if self.organization else (_SECTIONS[self.role],)


def spread(data: Any, wish: Wish | None = None) -> Spread:
    """Propose where the nodes of a session go. Deterministic; `data` is the session's plain data.

    No other placement of these nodes has fewer hosts that must not fail, and of those with as few none has fewer
    losses, as `fabwiz.rules.host_losses` tells them; losses that no placement helps (too few nodes of a kind) aside.
    Raises SpreadError where there is no host to place nodes on, or a number is out of range.
    """
    wish = wish or Wish()
    network = mended_network(data)
    if network is None or not network.hosts:
        raise SpreadError("there is no host yet: add hosts first")
    names = list(network.hosts)
    usable = _usable(network, wish)
    groups = _groups(network, wish)
    movable = {node.path for group in groups for node in group.nodes if not wish.keep or node.host not in network.hosts}
    limits = _limits(data, groups, names[0])
    kinds = [_kind(group, names, movable, limits[group.role, group.organization]) for group in groups]
    edits: list[Edit] = []
    taken = {node.name for node in network.nodes} | {node.key for node in network.nodes if node.role is not Role.PEER}
    for group, kind, added in zip(groups, kinds, allot(kinds, usable), strict=True):
        totals = [one + other for one, other in zip(kind.fixed, added, strict=True)]
        edits += _edits(group, dict(zip(names, totals, strict=True)), movable, taken, network)
    after = _after(data, edits)
    old = {node.path for node in network.nodes}
    added_count = sum(group.total - len(group.nodes) for group in groups)
    moved = sum(edit.path[-1] == "host" and edit.path[:-1] in old for edit in edits)
    where = [name for name, is_usable in zip(names, usable, strict=True) if is_usable]
    explanation = explained(network, after, where, added_count, moved, wish.keep)
    return Spread(tuple(edits), explanation, added_count, moved, after)


def _usable(network: Network, wish: Wish) -> list[bool]:
    if wish.hosts is not None:
        chosen = set(wish.hosts)
    else:
        jumps = {host.ssh.jump for host in network.hosts.values()}
        chosen = {name for name in network.hosts if name not in jumps or network.on(name)} or set(network.hosts)
    usable = [name in chosen for name in network.hosts]
    if not any(usable):
        raise SpreadError("none of the chosen hosts is in the session: choose at least one that is")
    return usable


def _groups(network: Network, wish: Wish) -> list[_Group]:
    """What is to be placed; sizes follow the rules zookeeper-count, kafka-count, kafka-replication, orderer-count."""
    servers = _number(wish.servers, "ZooKeeper servers", max(3, len(network.zookeeper)))
    servers = max(servers, len(network.zookeeper))
    brokers = _number(wish.brokers, "Kafka brokers", max(4, min(copies_of_topics(network) + 1, MOST)))
    orderers = _number(wish.orderers, "orderers", 2)
    groups = [
        _Group(Role.KAFKA, network.kafka, max(brokers, len(network.kafka))),
        _Group(Role.ZOOKEEPER, network.zookeeper, servers + (servers % 2 == 0)),
        _Group(Role.ORDERER, network.orderers, max(orderers, len(network.orderers))),
    ]
    usual = 2 if len(network.hosts) > 1 else 1
    for organization in network.organizations.values():
        asked = wish.peers.get(organization.name) if isinstance(wish.peers, Mapping) else wish.peers
        peers = _number(asked, f"peers of {organization.name}", usual, least=0)
        peers = max(peers, len(organization.nodes))
        groups.append(_Group(Role.PEER, organization.nodes, peers, organization.name))
    return groups


def _number(asked: int | None, what: str, usual: int, least: int = 1) -> int:
    if asked is None:
        return usual
    if not least <= asked <= MOST:
        raise SpreadError(f"{asked} {what} cannot be placed: ask for {least} to {MOST}")
    return asked


def _limits(data: Any, groups: list[_Group], host: str) -> dict[tuple[Role, str | None], tuple[int, ...]]:
    """How many nodes of each group a host may lose, as the rules reckon once all are there; 0 and less is left out."""
    edits = []
    for group in groups:
        for number in range(group.total - len(group.nodes)):
            edits.append(Edit((*group.path, f"to-be-placed-{number}"), host))
    bearable = {(need.subject, need.organization): need.bearable for need in needs(_after(data, edits))}
    return {
        (group.role, group.organization): tuple(
            limit for subject in _SUBJECTS[group.role] if (limit := bearable.get((subject, group.organization), 0)) > 0
        )
        for group in groups
    }


def _after(data: Any, edits: list[Edit]) -> Network:
    for edit in edits:
        data = edited(data, edit)
    network = mended_network(data)
    assert network is not None, "nodes on hosts that are listed leave a network a network"
    return network


def _kind(group: _Group, names: list[str], movable: set[SessionPath], limits: tuple[int, ...]) -> Kind:
    fixed = [node.host for node in group.nodes if node.path not in movable]
    liked = [node.host for node in group.nodes if node.path in movable]
    return Kind(
        tuple(fixed.count(name) for name in names),
        group.total - len(fixed),
        limits,
        tuple(liked.count(name) for name in names),
    )


def _edits(
    group: _Group, totals: dict[str, int], movable: set[SessionPath], taken: set[str], network: Network
) -> list[Edit]:
    """Move what must move and add what is missing, so that each host gets its number of nodes."""
    left = dict(totals)
    homeless: list[Node] = []
    for node in sorted(group.nodes, key=lambda one: one.path in movable):  # those that stay come first
        if left.get(node.host, 0) > 0:
            left[node.host] -= 1
        else:
            homeless.append(node)
    places = [host for turn in range(max(left.values(), default=0)) for host in left if left[host] > turn]
    edits = [Edit((*node.path, "host"), host) for node, host in zip(homeless, places, strict=False)]
    new = _new(group, places[len(homeless) :], taken)
    if new and group.organization and not network.session.organizations[group.organization].anchors:
        first = group.nodes[0].key if group.nodes else new[0].path[-1]
        new.append(Edit(("organizations", group.organization, "anchors"), [first]))
    return edits + new


def _new(group: _Group, places: list[str], taken: set[str]) -> list[Edit]:
    """Nodes with the next names; an id is written only where the automatic one would clash with ids that are given."""
    is_peer = group.role is Role.PEER
    names = {node.key for node in group.nodes} if is_peer else taken
    name = group.nodes[-1].key if group.nodes else _FIRST[group.role]
    has_ids = group.role in (Role.ZOOKEEPER, Role.KAFKA)
    highest = max((node.id for node in group.nodes), default=0)
    edits = []
    for position, host in enumerate(places, len(group.nodes) + 1):
        name = unique(name, names)
        names.add(name)
        highest = max(highest + 1, position)
        clashes = has_ids and highest != position
        edits.append(Edit((*group.path, name), {"host": host, "id": highest} if clashes else host))
    return edits
