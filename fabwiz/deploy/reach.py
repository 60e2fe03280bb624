"""What a host reaches of the ports that its nodes will need on the others, and what to open where it does not."""

from __future__ import annotations

import socket
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from fabwiz.artifacts.compose.addresses import other_nodes
from fabwiz.artifacts.errors import ArtifactError
from fabwiz.deploy.way_probe import Answer, ask
from fabwiz.deploy.ways import Way, ways
from fabwiz.remote.connection import Connection
from fabwiz.rules.preflight import PORT_BLOCKED
from fabwiz.session.network import Network

CAUSE = "a firewall on one of these hosts or between them, or an address that other hosts cannot reach"
_WORDS = {Answer.SILENCE: "does not answer", Answer.NO_WAY: "is answered by a firewall or router: no way"}


@dataclass(frozen=True, slots=True)
class Reach:
    """How a host gets through to another one."""

    host: str
    target: str
    asked: int
    """Ports that were tried."""
    shut: tuple[int, ...]
    """Those of them that cannot be reached, in order."""
    unclear: int
    """Those of which nobody can say."""
    message: str
    """`b (192.0.2.12) does not answer at 9092 (kafka2, for kafka1)`; empty where nothing is shut."""

    @property
    def remedy(self) -> str:
        """`let a in on b, TCP 9092`."""
        return f"let {self.host} in on {self.target}, TCP {', '.join(map(str, self.shut))}" if self.shut else ""


def reaches(
    network: Network, host: str, connection: Connection, away: Collection[str] = ()
) -> tuple[Reach, ...] | None:
    """Have a host begin a connection to each port that it needs; whether anything listens there yet does not matter.

    Hosts in `away` are left out. `None` if the host has nothing to ask with. Changes nothing. Raises RemoteError.
    """
    addresses = _addresses(network, host)
    targets = {
        (addresses[way.node.name], way.port): way
        for way in ways(network, host)
        if way.node.host not in away and way.node.name in addresses
    }
    if not targets:
        return ()
    answers = ask(connection, list(targets))
    if answers is None:
        return None
    by_target: dict[str, list[tuple[Way, Answer]]] = {}
    for target, answer in answers.items():
        by_target.setdefault(targets[target].node.host, []).append((targets[target], answer))
    return tuple(_reach(network, host, target, found) for target, found in by_target.items())


def remedy(shut: Iterable[Reach]) -> str:
    """What to do about all of them."""
    open_up = "; ".join(one.remedy for one in shut)
    return (
        f"{open_up} (`fabwiz fix` shows the commands for firewalld, ufw or iptables there, and runs them; else "
        "nftables, or the cloud's security groups); where only what Docker publishes gets past the hosts' own "
        f"firewalls, accept {PORT_BLOCKED}"
    )


def accepted(network: Network) -> str:
    """Why the session accepts ports that cannot be reached; empty if it does not."""
    return network.session.accept.get(PORT_BLOCKED, "").strip()


def host_addresses(network: Network) -> Mapping[str, str]:
    """The IP addresses by which hosts reach each other, by host; those without one are left out."""
    places = {node.name: node.host for node in network.nodes}
    return {places[node]: address for host in network.hosts for node, address in _addresses(network, host).items()}


def _reach(network: Network, host: str, target: str, found: list[tuple[Way, Answer]]) -> Reach:
    grouped: dict[Answer, list[Way]] = {}
    for way, answer in found:
        grouped.setdefault(answer, []).append(way)
    shut = {answer: grouped[answer] for answer in grouped if answer in _WORDS}
    where = f"{target} ({network.hosts[target].address})"
    return Reach(
        host,
        target,
        len(found),
        tuple(sorted({way.port for closed in shut.values() for way in closed})),
        len(grouped.get(Answer.UNCLEAR, ())),
        "; ".join(f"{where} {_WORDS[answer]} at {_ports(closed)}" for answer, closed in shut.items()),
    )


def _addresses(network: Network, host: str) -> Mapping[str, str]:
    """As containers are told them; where one is missing, the phase that writes them down says so."""
    try:
        return other_nodes(network, host)
    except (ArtifactError, socket.gaierror):
        return {}


def _ports(closed: Iterable[Way]) -> str:
    return ", ".join(f"{way.port} ({way.node.name}, for {' and '.join(by.name for by in way.by)})" for way in closed)
