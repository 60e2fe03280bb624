"""What a network cannot do with what is down, in words: why a write is refused, or a channel cannot be created."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fabwiz.deploy.phases.kafka import registered
from fabwiz.deploy.run import Run
from fabwiz.deploy.status import NodeStatus
from fabwiz.remote.connection import RemoteError
from fabwiz.rules import Loss, Subject, losses_of
from fabwiz.session.network import Role

_ROLES = {
    Subject.ZOOKEEPER: Role.ZOOKEEPER,
    Subject.WRITES: Role.KAFKA,
    Subject.CHANNELS: Role.KAFKA,
    Subject.ORDERERS: Role.ORDERER,
}
_MEANS = {
    Subject.ZOOKEEPER: "brokers that fail are not replaced, and none can come back",
    Subject.WRITES: "orderers refuse to write the channels that it hits (SERVICE_UNAVAILABLE)",
    Subject.CHANNELS: "no channel can be created",
    Subject.ORDERERS: "nothing can be written",
}


def concerns(run: Run, rows: Sequence[NodeStatus]) -> list[str]:
    """One sentence each, about the ordering service; nothing where it can do everything.

    What cannot be asked about counts as down, unless nothing can; a broker that runs, but that ZooKeeper does not know,
    is as good as down. Asks the hosts; changes nothing.
    """
    if all(row.state is None for row in rows):
        return []
    down = {row.node.name for row in rows if not row.runs}
    servers = [row for row in rows if row.node.role is Role.ZOOKEEPER]
    # a host that has not answered just now would be waited for once more
    can_be_asked = any(row.runs for row in servers) and all(row.state is not None for row in servers)
    unknown = _unregistered(run) - down if can_be_asked else set()
    found = [f"{name} runs, but is not registered with ZooKeeper: see its log" for name in sorted(unknown)]
    losses = losses_of(run.network, down | unknown)
    return [*found, *_said(run, losses, down | unknown)]


def _unregistered(run: Run) -> set[str]:
    try:
        known = registered(run, run.network)
    except (OSError, RemoteError):
        return set()
    return {broker.name for broker in run.network.kafka if broker.id not in known[0]} if known else set()


def _said(run: Run, losses: Sequence[Loss], down: set[str]) -> Iterator[str]:
    for loss in losses:
        if loss.subject not in _ROLES:
            continue
        names = ", ".join(n.name for n in run.network.nodes if n.role is _ROLES[loss.subject] and n.name in down)
        yield f"{_MEANS[loss.subject]}: {names} down or out of reach, {loss.message}; bring enough of them back"
