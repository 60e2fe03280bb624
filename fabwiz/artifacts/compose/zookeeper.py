"""ZooKeeper servers (image fabric-zookeeper: 3.4.9 or 3.4.14).

Its `docker-entrypoint.sh` writes zoo.cfg from ZOO_*: ZOO_SERVERS is split at white space, data and transaction
logs lie in /data and /datalog, and snapshots are purged by itself from 0.4.6 on.
"""

from __future__ import annotations

from fabwiz.artifacts.compose.service import Service
from fabwiz.session.network import Network, Node


def zookeeper(network: Network, node: Node) -> Service:
    """A server of the ensemble. Its own entry is 0.0.0.0: it cannot bind to its host's address."""
    return Service(
        node,
        {
            "ZOO_MY_ID": str(node.id),
            "ZOO_PORT": str(node.ports["client"]),
            "ZOO_SERVERS": " ".join(_entry(server, own=server is node) for server in network.zookeeper),
            # zkServer.sh else opens a port for JMX, without a password, for whoever reaches the container
            "JMXDISABLE": "true",
        },
        data={"data": "/data", "datalog": "/datalog"},
    )


def _entry(server: Node, own: bool) -> str:
    name = "0.0.0.0" if own else server.name  # noqa: S104
    return f"server.{server.id}={name}:{server.ports['peer']}:{server.ports['election']}"
