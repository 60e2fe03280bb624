"""What the containers of all roles have in common, and the names that Docker and compose know them by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fabwiz.artifacts import layout
from fabwiz.artifacts.compose.rights import rights
from fabwiz.artifacts.compose.writer import Data, Shared
from fabwiz.artifacts.images import image
from fabwiz.session.network import Network, Node

NETWORK_KEY = "fabric"
"""The one Docker network of a compose file, by the name that services use there."""
_LONGEST_HOSTNAME = 63  # the kernel takes no more than 64


@dataclass(frozen=True, slots=True)
class Mount:
    """A file or folder of the bundle, or an absolute path of the host, inside a container."""

    source: str
    target: str
    read_only: bool = True

    def __str__(self) -> str:
        source = self.source if self.source.startswith("/") else f"./{self.source}"
        return f"{source}:{self.target}{':ro' if self.read_only else ''}"


@dataclass(frozen=True, slots=True)
class Service:
    """What a role adds to a container."""

    node: Node
    environment: Mapping[str, str]
    data: Mapping[str, str] = field(default_factory=dict)
    """Named volumes, by what they hold: `ledger` -> where it lies in the container."""
    mounts: tuple[Mount, ...] = ()
    command: tuple[str, ...] = ()
    has_secrets: bool = False
    """Whether an env file with passwords belongs to it."""
    grace: str = "30s"
    """How long Docker waits for it to stop by itself."""
    after: Node | None = None
    """The container on the same host that it cannot do without."""
    remote_names: bool = True
    """Whether it calls nodes on other hosts."""
    interactive: bool = False

    @property
    def files(self) -> tuple[str, ...]:
        """The bundle's files and folders that it depends on."""
        mounted = tuple(mount.source for mount in self.mounts if not mount.source.startswith("/"))
        return (*mounted, layout.env_file(self.node)) if self.has_secrets else mounted


def service_name(node: Node) -> str:
    """A node's name in compose files: its own, which compose 1.x and 2.x both take, dots and all."""
    return node.name


def docker_network(network: Network) -> str:
    """The Docker network on each host. Peers put chaincode containers on it by this name."""
    return f"fabwiz_{network.name}"


def volume_name(network: Network, node: Node, content: str) -> str:
    """A named volume: `lan4_kafka1_log`. It is given to Docker as it is, so that no version of compose alters it."""
    return f"{network.name}_{node.name}_{content}"


def definition(network: Network, service: Service, others: Shared) -> dict[str, Data]:
    """A service as it stands in the compose file, but for its revision. `others` are the nodes on other hosts."""
    node = service.node
    result: dict[str, Data] = {"image": image(network, node.role), "container_name": node.name}
    if len(node.name) <= _LONGEST_HOSTNAME:
        result["hostname"] = node.name
    result["restart"] = "unless-stopped"
    result |= rights(network, node)
    result["labels"] = {
        "fabwiz.network": network.name,
        "fabwiz.node": node.name,
        "fabwiz.role": node.role.value,
    }
    if service.command:
        result["command"] = service.command
    if service.interactive:
        result |= {"stdin_open": True, "tty": True}
    if service.has_secrets:
        result["env_file"] = [f"./{layout.env_file(node)}"]
    result["environment"] = dict(service.environment)
    volumes = [f"{volume_key(node, content)}:{target}" for content, target in service.data.items()]
    if volumes or service.mounts:
        result["volumes"] = [*volumes, *map(str, service.mounts)]
    if node.ports:
        result["ports"] = [f"{port}:{port}" for port in node.ports.values()]
    result["networks"] = [NETWORK_KEY]
    if others.data and service.remote_names:
        result["extra_hosts"] = others
    if service.after:
        result["depends_on"] = [service_name(service.after)]
    result["stop_grace_period"] = service.grace
    result["logging"] = {
        "driver": "json-file",
        "options": {
            "max-size": network.session.logging.max_size,
            "max-file": str(network.session.logging.max_files),
        },
    }
    return result


def volume_key(node: Node, content: str) -> str:
    """A volume's name inside the compose file."""
    return f"{node.name}_{content}"
