"""Ports that containers publish on their hosts."""

from __future__ import annotations

from collections.abc import Iterator

from fabwiz.rules.registry import ERROR, OWN, Problem, fix, rule, setting
from fabwiz.session.network import Network, Node, Role

SETTINGS = {
    (Role.ZOOKEEPER, "client"): "client_port",
    (Role.ZOOKEEPER, "peer"): "peer_port",
    (Role.ZOOKEEPER, "election"): "election_port",
    (Role.KAFKA, "broker"): "port",
    (Role.ORDERER, "grpc"): "port",
    (Role.PEER, "grpc"): "port",
    (Role.PEER, "chaincode"): "chaincode_port",
    (Role.PEER, "events"): "events_port",
}
"""The session's setting for a port, by role and purpose."""
_HIGHEST = 65535


@rule(
    "port-conflict",
    ERROR,
    "no two containers on a host publish the same port",
    "A host gives a port to one container; the second fails to start. Each further node of a kind on a host gets its "
    "ports shifted by itself, so that conflicts come from ports that the session names.",
    OWN,
)
def conflicts(network: Network) -> Iterator[Problem]:
    """Ports that are taken on their host, or that shifting made higher than ports go."""
    by_host: dict[str, list[Node]] = {}
    for node in network.nodes:
        if node.ports:
            by_host.setdefault(node.host, []).append(node)
    for host, nodes in by_host.items():
        used = [port for node in nodes for port in node.ports.values()]
        if len(used) != len(set(used)) or max(used) > _HIGHEST:
            yield from _of_host(host, nodes, set(used))


def _of_host(host: str, nodes: list[Node], used: set[int]) -> Iterator[Problem]:
    owners: dict[int, tuple[Node, str]] = {}
    for node in nodes:
        for purpose, port in node.ports.items():
            path = (*node.path, SETTINGS[node.role, purpose])
            if port > _HIGHEST:
                says = f"the {purpose} port of {node.name} would be {port}; ports end at {_HIGHEST}"
            elif port in owners:
                other, of = owners[port]
                says = (
                    f"{other.name} ({of}) and {node.name} ({purpose}) both publish port {port} on host {host}"
                    if other is not node
                    else f"{node.name} publishes port {port} twice on host {host}, as {of} and as {purpose}"
                )
            else:
                owners[port] = node, purpose
                continue
            free = _free(port, used)
            used.add(free)
            yield Problem(path, f"{says}; use another, such as {free}", fix(f"use port {free}", setting(free, *path)))


def _free(port: int, used: set[int]) -> int:
    """The next port that nothing on the host uses."""
    free = port + 1 if port < _HIGHEST else 1024
    while free in used:
        free = free + 1 if free < _HIGHEST else 1024
    return free
