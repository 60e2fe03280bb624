"""What survives the loss of a host."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from fabwiz.rules.faults import HostLoss, Loss, Need, Subject, host_losses, needs
from fabwiz.rules.registry import GUIDE, OWN, WARNING, Problem, fix, rule, setting
from fabwiz.rules.suggest import unique
from fabwiz.session.findings import Edit, Fix, SessionPath
from fabwiz.session.network import Network

_SHOWN = 8
"""Losses that a message names."""


@rule(
    "fault-domain",
    WARNING,
    "the network bears the loss of any single host",
    "Containers on one machine fail together, so it counts how they are spread: ZooKeeper must keep a majority, every "
    "channel enough copies to be written and enough brokers for new ones, and there must be an orderer and a peer of "
    "each organization left.",
    f"{GUIDE}; {OWN}",
)
def fault_domains(network: Network) -> Iterator[Problem]:
    """Each host whose loss takes more with it than the network bears.

    What no placement would help (too few nodes of a kind) is left to the rules that count them; only an organization
    with a single peer is told here.
    """
    required = {(need.subject, need.organization): need for need in needs(network)}
    emptiest = sorted(network.hosts, key=lambda host: len(network.on(host)))
    for lost in host_losses(network):
        told = [loss for loss in lost.losses if not loss.is_inherent or loss.subject is Subject.PEERS]
        if told:
            yield Problem(
                ("hosts", lost.host),
                f"losing host {lost.host} loses {_listed(told)}; {_way_out(network, told)}",
                _spread(network, lost, told, required, emptiest),
            )


def _listed(told: list[Loss]) -> str:
    more = f"; and so for {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    return "; ".join(loss.message for loss in told[:_SHOWN]) + more


def _way_out(network: Network, told: list[Loss]) -> str:
    if len(network.hosts) == 1:
        return "only more hosts help"
    if all(loss.is_inherent for loss in told):
        names = ", ".join(str(loss.organization) for loss in told[:_SHOWN]) + (", ..." if len(told) > _SHOWN else "")
        return f"give {names} another peer, on another host"
    return "spread them over more hosts"


def _spread(
    network: Network,
    lost: HostLoss,
    told: list[Loss],
    required: dict[tuple[Subject, str | None], Need],
    emptiest: list[str],
) -> Fix | None:
    """Move what is too much to hosts that carry less of it, and give single peers a second one.

    `None` if that does not mend all of it.
    """
    moved: dict[SessionPath, str] = {}
    added: list[Edit] = []
    for loss in told:
        need = required[loss.subject, loss.organization]
        if loss.is_inherent and loss.organization:
            host = next((one for one in emptiest if one != lost.host), None)
            if host is None:
                return None
            name = unique(need.nodes[-1].key, {node.key for node in need.nodes})
            added.append(setting(host, "organizations", loss.organization, "peers", name))
            continue
        limit = need.bearable
        if loss.subject in (Subject.WRITES, Subject.CHANNELS):
            both = (Subject.WRITES, Subject.CHANNELS)
            limit = min((required[one, None].bearable for one in both if required[one, None].bearable > 0), default=0)
        if limit < 1:
            return None
        load = Counter(moved.get(node.path, node.host) for node in need.nodes)
        for node in reversed(need.nodes):
            if load[lost.host] <= limit:
                break
            if moved.get(node.path, node.host) != lost.host:
                continue
            free = next((host for host in network.hosts if not load[host]), None)
            target = free or min(network.hosts, key=load.__getitem__)
            if load[target] >= limit:
                return None
            moved[node.path] = target
            load[target] += 1
            load[lost.host] -= 1
    steps = [f"move {path[-1]} to {host}" for path, host in moved.items()]
    steps += [f"add {edit.path[-1]} of {edit.path[1]} on {edit.value}" for edit in added]
    moves = [setting(host, *path, "host") for path, host in moved.items()]
    return fix(", ".join(steps), *moves, *added) if steps else None
