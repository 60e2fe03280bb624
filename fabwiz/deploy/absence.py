"""What a network that runs can do without for now: it is built to lose a server, a broker or an orderer.

A channel can then still be created and written, so a run that only adds something need not wait until all are back.
"""

from __future__ import annotations

from collections.abc import Collection

from fabwiz.rules import Subject, losses_of
from fabwiz.session.network import Network, Node, Role

_ORDERING = (Role.ZOOKEEPER, Role.KAFKA, Role.ORDERER)


def dispensable(network: Network, nodes: Collection[Node]) -> bool:
    """Whether all are of the ordering service, and enough of each kind are left to order and to create a channel.

    That some channel may have too few copies in sync to be written is no reason to wait: others have enough, and
    orderers say so of those that do not.
    """
    losses = losses_of(network, {node.name for node in nodes})
    return all(node.role in _ORDERING for node in nodes) and all(loss.subject is Subject.WRITES for loss in losses)
