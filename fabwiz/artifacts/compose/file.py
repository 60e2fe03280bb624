"""One compose file a host, for docker-compose 1.18 and later and Compose 2.x.

Format 2.1: the oldest in which volumes and networks have names and labels of their own, so that it runs on the
engines of Fabric 1.0's days too; without a `version`, docker-compose before 1.27 would read it as format 1.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping

from fabwiz.artifacts.compose.addresses import Resolve, other_nodes, system_resolve
from fabwiz.artifacts.compose.helpers import couchdb, tools
from fabwiz.artifacts.compose.kafka import kafka
from fabwiz.artifacts.compose.orderer import orderer
from fabwiz.artifacts.compose.peer import peer
from fabwiz.artifacts.compose.service import (
    NETWORK_KEY,
    Service,
    definition,
    docker_network,
    service_name,
    volume_key,
    volume_name,
)
from fabwiz.artifacts.compose.writer import Data, Shared, compose_text
from fabwiz.artifacts.compose.zookeeper import zookeeper
from fabwiz.session.network import Network, Node, Role

_ROLES: dict[Role, Callable[[Network, Node], Service]] = {
    Role.ZOOKEEPER: zookeeper,
    Role.KAFKA: kafka,
    Role.ORDERER: orderer,
    Role.PEER: peer,
    Role.COUCHDB: couchdb,
    Role.TOOLS: tools,
}

# which roles' nodes a container calls by name
_CALLS: dict[Role, tuple[Role, ...]] = {
    Role.ZOOKEEPER: (Role.ZOOKEEPER,),
    Role.KAFKA: (Role.ZOOKEEPER, Role.KAFKA),
    Role.ORDERER: (Role.KAFKA,),
    Role.PEER: (Role.ORDERER, Role.PEER),
    Role.TOOLS: (Role.ORDERER, Role.PEER),
}


class ComposeFile:
    """A host's compose file: its services, and their revisions once the files that they mount are known.

    Raises ArtifactError where the session does not tell enough: no known release, no address of another host.
    """

    def __init__(self, network: Network, host_name: str, resolve: Resolve = system_resolve) -> None:
        self.network = network
        self.host_name = host_name
        self.services = tuple(_ROLES[node.role](network, node) for node in network.on(host_name))
        self._others = Shared("other-hosts", other_nodes(network, host_name, resolve))

    def revisions(self, digests: Mapping[str, str]) -> dict[str, str]:
        """By node: a hash of its definition and of the files that it mounts.

        `digests` are the SHA-256 of the bundle's files by path. A container whose label says another revision
        is outdated. Of the nodes on other hosts only those count that it calls: a further peer is no reason to start
        Kafka anew, although its name stands in every container that is started from then on.
        """
        found = {}
        roles = {node.name: node.role for node in self.network.nodes}
        for service in self.services:
            files = {
                path: digest
                for path, digest in sorted(digests.items())
                if any(path == wanted or path.startswith(f"{wanted}/") for wanted in service.files)
            }
            plain = definition(self.network, service, self._others)
            if "extra_hosts" in plain:
                calls = _CALLS.get(service.node.role, ())
                plain["extra_hosts"] = {name: ip for name, ip in self._others.data.items() if roles[name] in calls}
            text = json.dumps([plain, files], sort_keys=True)
            found[service.node.name] = hashlib.sha256(text.encode()).hexdigest()[:16]
        return found

    def text(self, revisions: Mapping[str, str] | None = None) -> str:
        """The file, each container labelled with its revision."""
        services: dict[str, Data] = {}
        volumes: dict[str, Data] = {}
        for service in self.services:
            node = service.node
            entry = definition(self.network, service, self._others)
            if revisions is not None:
                labels = entry["labels"]
                assert isinstance(labels, Mapping)
                entry["labels"] = {**labels, "fabwiz.revision": revisions[node.name]}
            services[service_name(node)] = entry
            for content in service.data:
                volumes[volume_key(node, content)] = {
                    "name": volume_name(self.network, node, content),
                    "labels": {"fabwiz.network": self.network.name, "fabwiz.node": node.name},
                }
        networks: dict[str, Data] = {
            NETWORK_KEY: {
                "name": docker_network(self.network),
                "labels": {"fabwiz.network": self.network.name},
            }
        }
        data: dict[str, Data] = {"version": "2.1", "services": services, "networks": networks}
        if volumes:
            data["volumes"] = volumes
        return compose_text(
            data,
            f"Host {self.host_name} of the network {self.network.name}, Fabric {self.network.session.fabric}.\n"
            "Made by fabwiz from the session file: changes belong there, here they are overwritten.",
        )


def compose_file(network: Network, host_name: str, resolve: Resolve = system_resolve) -> str:
    """A host's compose file as YAML, without revisions (see `ComposeFile`). Raises ArtifactError."""
    return ComposeFile(network, host_name, resolve).text()
