"""Which ports of which hosts the nodes of a host connect to: what a firewall must let through."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fabwiz.session.network import Network, Node, Role


@dataclass(frozen=True, slots=True)
class Way:
    """From a host to a port of a node on another host. `by`: the nodes that go it."""

    host: str
    node: Node
    port: int
    by: tuple[Node, ...]


def ways(network: Network, host: str) -> list[Way]:
    """Every way that nodes of `host` go to nodes of other hosts, in the order of the session's nodes.

    ZooKeeper servers need each other's ports for followers and elections, brokers ZooKeeper and each other, orderers
    the brokers, peers the orderers and the peers that they share an organization or a channel with.
    """
    found: list[Way] = []
    here = network.on(host)
    met = {own.organization: _met(network, own.organization) for own in here if own.role is Role.PEER}
    for node in network.nodes:
        if node.host == host or node.host not in network.hosts:
            continue
        by_port: dict[int, list[Node]] = {}
        for own in here:
            for port in _needed(own, node, met):
                by_port.setdefault(port, []).append(own)
        found += [Way(host, node, port, tuple(by)) for port, by in by_port.items()]
    return found


def _needed(own: Node, other: Node, met: Mapping[str | None, set[str]]) -> Iterator[int]:
    match own.role, other.role:
        case Role.ZOOKEEPER, Role.ZOOKEEPER:
            yield from (other.ports["peer"], other.ports["election"])
        case Role.KAFKA, Role.ZOOKEEPER:
            yield other.ports["client"]
        case ((Role.KAFKA | Role.ORDERER), Role.KAFKA):
            yield other.ports["broker"]
        case Role.PEER, Role.ORDERER:
            yield other.ports["grpc"]
        case Role.PEER, Role.PEER if other.organization in met[own.organization]:
            yield other.ports["grpc"]


def _met(network: Network, organization: str | None) -> set[str]:
    """Names of the organizations whose peers those of one talk to: itself, and all that it shares a channel with."""
    members = [{one.name for one in channel.organizations} for channel in network.channels.values()]
    own = {organization} if organization else set()
    return own.union(*(names for names in members if organization in names))
