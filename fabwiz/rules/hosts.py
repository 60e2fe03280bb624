"""The machines: their addresses, and what is placed on them."""

from __future__ import annotations

from collections.abc import Iterator

from fabwiz.rules.addresses import flaw, is_loopback, normal
from fabwiz.rules.registry import ERROR, OWN, WARNING, Problem, fix, rule, setting, without
from fabwiz.rules.suggest import near
from fabwiz.session.findings import Fix
from fabwiz.session.network import Host, Network, Node, Role
from fabwiz.session.shape import nearest

_MOST_HINTS = 20
"""Unknown names that get a hint: looking for near names in a large session takes its time."""


@rule(
    "host-address",
    ERROR,
    "each host has an IPv4 address, an IPv6 address or a DNS name",
    "Every container learns the others' addresses from here, and this workstation logs in there. Only a single host "
    "that is this very machine needs none.",
    OWN,
)
def addresses(network: Network) -> Iterator[Problem]:
    """Hosts without an address, or with something that is none."""
    for host in network.hosts.values():
        path = (*host.path, "address")
        if host.address is None:
            if host.is_local and len(network.hosts) == 1:
                continue
            reason = "the other hosts must reach it, too" if host.is_local else "write the IP address or DNS name"
            alone = len(network.hosts) == 1
            yield Problem(
                path,
                f"host {host.name} has no address; {reason}",
                fix("it is this machine", setting("local", *host.path, "transport")) if alone else None,
            )
        elif wrong := flaw(host.address):
            edits = []
            if wrong.address:
                edits.append(setting(wrong.address, *path))
                if wrong.port:
                    edits.append(setting(wrong.port, *host.path, "ssh", "port"))
                if wrong.user:
                    edits.append(setting(wrong.user, *host.path, "ssh", "user"))
            yield Problem(
                path,
                f"host {host.name}: the address {host.address!r} {wrong.message}",
                fix(f"use {wrong.address}", *edits) if edits else None,
            )


@rule(
    "host-duplicate-address",
    ERROR,
    "no two hosts share one address and SSH port",
    "Two names for one machine hide that it carries twice as much, and its containers would get in each other's way.",
    OWN,
)
def duplicates(network: Network) -> Iterator[Problem]:
    """Hosts that are the same machine."""
    first: dict[tuple[str, int | None], Host] = {}
    for host in network.hosts.values():
        if host.is_local:
            key: tuple[str, int | None] = ("", None)
        elif host.address:
            key = (normal(host.address), host.ssh.port)
        else:
            continue
        other = first.setdefault(key, host)
        if other is host:
            continue
        if host.is_local:
            says = f"hosts {other.name} and {host.name} are both this machine (transport: local)"
        else:
            says = f"hosts {other.name} and {host.name} both have the address {host.address}, SSH port {host.ssh.port}"
        yield Problem(
            (*host.path, "address"),
            f"{says}; correct one of them, or place everything of {host.name} on {other.name} and remove it",
            _merge(network, host, other),
        )


def _merge(network: Network, host: Host, into: Host) -> Fix:
    moves = [
        setting(into.name, *node.path, "host")
        for node in network.on(host.name)
        if node.role not in (Role.COUCHDB, Role.TOOLS)
    ]
    return fix(f"place everything of {host.name} on {into.name}", *moves, without(*host.path))


@rule(
    "host-unknown",
    ERROR,
    "every node is placed on a host that is listed",
    "A node without a machine cannot run; mostly the name is misspelt.",
    OWN,
)
def unknown(network: Network) -> Iterator[Problem]:
    """Nodes on hosts that are not listed."""
    hints: dict[str, tuple[str, str | None]] = {}
    names = list(network.hosts)
    for node in network.zookeeper + network.kafka + network.orderers + network.peers:
        if node.host in network.hosts:
            continue
        if node.host not in hints:
            meant = nearest(node.host, names) if len(hints) < _MOST_HINTS else None
            hint = near(node.host, names) if len(hints) < _MOST_HINTS else ""
            hints[node.host] = (hint, meant)
        hint, target = hints[node.host]
        target = target or _emptiest(network, node)
        yield Problem(
            (*node.path, "host"),
            f"{node.name} is placed on {node.host!r}, which is not among the hosts{hint}",
            fix(f"place it on {target}", setting(target, *node.path, "host")) if target else None,
        )


def _emptiest(network: Network, node: Node) -> str | None:
    """The first host that carries nothing of this kind, else the first of all."""
    return next(
        (name for name in network.hosts if all(other.role is not node.role for other in network.on(name))),
        next(iter(network.hosts), None),
    )


@rule(
    "host-unused",
    WARNING,
    "every host runs something",
    "A machine that is listed and runs nothing is mostly one that was forgotten when roles were placed.",
    OWN,
)
def unused(network: Network) -> Iterator[Problem]:
    """Hosts without nodes that are no jump hosts either."""
    jumps = {host.ssh.jump for host in network.hosts.values()}
    for host in network.hosts.values():
        if not network.on(host.name) and host.name not in jumps:
            yield Problem(
                host.path,
                f"host {host.name} runs nothing; place something on it or remove it",
                fix(f"remove {host.name}", without(*host.path)),
            )


@rule(
    "host-loopback",
    ERROR,
    "with more than one host, no address is a loopback address",
    "127.0.0.1 and localhost mean another machine to every machine: containers on other hosts would look for this one "
    "at home.",
    OWN,
)
def loopback(network: Network) -> Iterator[Problem]:
    """Loopback addresses among several hosts."""
    if len(network.hosts) < 2:
        return
    for host in network.hosts.values():
        if host.address and is_loopback(host.address):
            yield Problem(
                (*host.path, "address"),
                f"host {host.name} has the loopback address {host.address}, which means another machine to each of the "
                f"{len(network.hosts)} hosts; write the address that the others reach it by",
            )
