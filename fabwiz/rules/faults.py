"""What the loss of a single host would take with it, as data: for the rule `fault-domain` and for the wizard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from fabwiz.session.network import Network, Node


class Subject(StrEnum):
    """What a network must keep when it loses a host."""

    ZOOKEEPER = "zookeeper"
    """A majority of the ZooKeeper servers."""
    WRITES = "writes"
    """min_insync_replicas copies of every channel, wherever Kafka put them."""
    CHANNELS = "channels"
    """As many brokers as a new channel has copies."""
    ORDERERS = "orderers"
    """An orderer."""
    PEERS = "peers"
    """A peer of an organization."""


@dataclass(frozen=True, slots=True)
class Need:
    """How many of some nodes may be lost at once. `bearable` is negative if there are too few even now."""

    subject: Subject
    nodes: tuple[Node, ...]
    bearable: int
    organization: str | None = None


@dataclass(frozen=True, slots=True)
class Loss:
    """The host carries `carried` of `total` nodes, and only `bearable` may be lost."""

    subject: Subject
    carried: int
    total: int
    bearable: int
    message: str
    """Such as `2 of 3 ZooKeeper servers: no majority is left`."""
    organization: str | None = None

    @property
    def is_inherent(self) -> bool:
        """Whether no placement helps: there are too few nodes, or the settings bear the loss of none."""
        return self.bearable < 1


@dataclass(frozen=True, slots=True)
class HostLoss:
    """What the network loses with one host; nothing if `losses` is empty."""

    host: str
    losses: tuple[Loss, ...]


def copies_of_topics(network: Network) -> int:
    """Copies of a channel in Kafka: orderers from 1.3 on create topics with a number of their own, if they have one."""
    kafka = network.session.ordering.kafka
    own = kafka.topic_replication_factor
    if own is not None and network.release is not None and network.release.number >= (1, 3, 0):
        return own
    return kafka.replication_factor


def needs(network: Network) -> Iterator[Need]:
    """Everything that must survive. Parts of which a network has no node at all are left out."""
    if network.zookeeper:
        yield Need(Subject.ZOOKEEPER, network.zookeeper, (len(network.zookeeper) - 1) // 2)
    if network.kafka:
        copies = copies_of_topics(network)
        # worst case: every broker of the host has one of the channel's copies
        spare = copies - network.session.ordering.kafka.min_insync_replicas
        yield Need(Subject.WRITES, network.kafka, spare if spare < copies else len(network.kafka))
        yield Need(Subject.CHANNELS, network.kafka, len(network.kafka) - copies)
    if network.orderers:
        yield Need(Subject.ORDERERS, network.orderers, len(network.orderers) - 1)
    for organization in network.organizations.values():
        if organization.nodes:
            yield Need(Subject.PEERS, organization.nodes, len(organization.nodes) - 1, organization.name)


def host_losses(network: Network) -> tuple[HostLoss, ...]:
    """What each host's loss would take with it, in the order of the hosts."""
    losses: dict[str, list[Loss]] = {host: [] for host in network.hosts}
    for need in needs(network):
        if need.bearable < 0:
            continue  # lacking already, whatever host is lost
        for host, carried in Counter(node.host for node in need.nodes).items():
            if carried > need.bearable and host in losses:
                losses[host].append(_loss(network, need, carried))
    return tuple(HostLoss(host, tuple(found)) for host, found in losses.items())


def losses_of(network: Network, names: Collection[str]) -> tuple[Loss, ...]:
    """What the loss of these nodes, wherever they are, would take with it; nothing if the network bears it."""
    found = []
    for need in needs(network):
        carried = sum(node.name in names for node in need.nodes)
        if carried > max(need.bearable, 0):
            found.append(_loss(network, need, carried))
    return tuple(found)


def tolerance(network: Network) -> str:
    """What losses the network bears, in one line: `any 1 host; not host c: it carries 2 of 3 ZooKeeper servers`."""
    bad = [one for one in host_losses(network) if one.losses]
    if not bad:
        return "any 1 host"
    shown = "; ".join(f"host {one.host}: it carries {_carried(one.losses)}" for one in bad[:3])
    more = f"; and {len(bad) - 3} more" if len(bad) > 3 else ""
    return f"{'none at all' if len(bad) == len(network.hosts) else 'any 1 host'}; not {shown}{more}"


def _carried(losses: tuple[Loss, ...]) -> str:
    return ", ".join(dict.fromkeys(loss.message.split(":")[0] for loss in losses))


def _loss(network: Network, need: Need, carried: int) -> Loss:
    total = len(need.nodes)
    left = total - carried
    if need.subject is Subject.ZOOKEEPER:
        message = f"{carried} of {total} ZooKeeper servers: no majority is left"
    elif need.subject is Subject.WRITES:
        copies, least = copies_of_topics(network), network.session.ordering.kafka.min_insync_replicas
        kept = max(0, copies - carried)
        message = (
            f"{carried} of {total} Kafka brokers: a channel may keep {kept} of its {copies} copies, "
            f"and writing needs {least}"
        )
    elif need.subject is Subject.CHANNELS:
        message = (
            f"{carried} of {total} Kafka brokers: {left} {'is' if left == 1 else 'are'} left, and creating a channel "
            f"needs {copies_of_topics(network)}"
        )
    elif need.subject is Subject.ORDERERS:
        message = f"{carried} of {total} orderers: none is left"
    else:
        message = f"{carried} of {total} peers of {need.organization}: none is left"
    return Loss(need.subject, carried, total, need.bearable, message, need.organization)
