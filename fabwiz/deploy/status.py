"""What is running, host by host."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from fabwiz.deploy.docker import State
from fabwiz.deploy.phases.probes import at_once
from fabwiz.deploy.run import Run
from fabwiz.session.network import Node


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """A container as its host shows it. `state` None: the host could not be asked, `status` says why."""

    node: Node
    state: State | str | None
    status: str

    @property
    def runs(self) -> bool:
        """Whether it is up."""
        return self.state is State.RUNNING


MISSING = "missing"


def status(run: Run) -> list[NodeStatus]:
    """Ask every host at once; a host that does not answer costs only its own rows.

    A node on a host that the session does not list has a row, too: nobody can be asked about it.
    """
    hosts = [host for host in run.network.hosts if run.network.on(host)]
    with ThreadPoolExecutor(max(1, min(64, len(hosts)))) as pool:
        found = [row for rows in pool.map(lambda host: _host(run, host), hosts) for row in rows]
    lost = [node for node in run.network.nodes if node.host not in run.network.hosts]
    return found + [NodeStatus(node, None, "the session lists no such host") for node in lost]


def _host(run: Run, host: str) -> list[NodeStatus]:
    nodes = run.network.on(host)
    try:
        found = run.docker(host).containers()
    except Exception as error:
        why = _in_the_way(run, error, host)
        return [NodeStatus(node, None, why) for node in nodes]
    return [
        NodeStatus(node, found[node.name].state, found[node.name].status)
        if node.name in found
        else NodeStatus(node, MISSING, "no such container")
        for node in nodes
    ]


def heights(run: Run) -> dict[str, dict[str, int | str]]:
    """Height of every channel on each of its peers, or what is in the way."""
    result: dict[str, dict[str, int | str]] = {}
    for channel in run.network.channels.values():
        found = at_once(channel.peers, partial(_height, run, channel.name))
        result[channel.name] = {peer.name: height for peer, height in zip(channel.peers, found, strict=True)}
    return result


def _height(run: Run, channel: str, peer: Node) -> int | str:
    organization = run.network.organization_of(peer)
    assert organization
    try:
        return run.fabric.peer(peer).chain_info(run.fabric.admin(organization), channel).height
    except Exception as error:
        return _in_the_way(run, error, peer.host)


def _in_the_way(run: Run, error: Exception, host: str) -> str:
    """What is wrong, and the way out, for a row of that host."""
    failed = run.explain(error, host)
    return f"{failed.message}; {failed.remedy}" if failed.remedy else failed.message
