"""The way from the workstation to Fabric's gRPC: one forward and one channel a node, and the admins' identities."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from fabwiz.fabric.endpoint import Endpoint, tls_roots
from fabwiz.fabric.errors import Unreachable
from fabwiz.fabric.identity import SigningIdentity
from fabwiz.fabric.orderer import OrdererClient
from fabwiz.fabric.peer import PeerClient
from fabwiz.remote.connection import Connection, Forward, RemoteError
from fabwiz.session.network import Network, Node, Organization
from fabwiz.session.workspace import Workspace

if TYPE_CHECKING:
    import grpc


@dataclass(frozen=True, slots=True)
class _Way:
    """A forward to a node, and the gRPC channel through it."""

    connection: Connection
    forward: Forward
    endpoint: Endpoint

    def close(self) -> None:
        self.endpoint.close()
        self.forward.close()


class _Lasting(Endpoint):
    """A node's endpoint that outlives its connection: a client that waits for a host that is gone meets it again."""

    def __init__(self, name: str, reopen: Callable[[], Endpoint]) -> None:
        super().__init__(name, "", None, lambda: self._last.obstacle())
        self._reopen = reopen
        self._last = reopen()

    @property
    def channel(self) -> grpc.Channel:
        """The channel through today's connection. Raises Unreachable while there is no way to the host."""
        try:
            self._last = self._reopen()
        except RemoteError as error:
            raise Unreachable(error.message, target=self.name) from error
        return self._last.channel


class FabricAccess:
    """Clients of the network's orderers and peers, opened when first needed. Thread-safe."""

    def __init__(self, network: Network, workspace: Workspace, connection: Callable[[str], Connection]) -> None:
        self._network = network
        self._workspace = workspace
        self._connection = connection
        self._lock = threading.Lock()
        self._ways: dict[str, _Way] = {}
        self._admins: dict[str, SigningIdentity] = {}

    def orderer(self, node: Node) -> OrdererClient:
        """A client of an ordering service node. Raises RemoteError when its host cannot be reached."""
        return OrdererClient(self._lasting(node))

    def peer(self, node: Node) -> PeerClient:
        """A client of a peer, which its own organization's admin watches commits through.

        Raises RemoteError when its host cannot be reached.
        """
        organization = self._network.organization_of(node)
        assert organization
        return PeerClient(self._lasting(node), observer=self.admin(organization))

    def admin(self, organization: Organization) -> SigningIdentity:
        """The organization's admin, whose key never leaves the workstation. Raises IdentityError without one."""
        with self._lock:
            if organization.msp_id not in self._admins:
                space = self._workspace
                folder = space.crypto_config / organization.user_directory("Admin") / "msp"
                self._admins[organization.msp_id] = SigningIdentity.load(folder, organization.msp_id, space.guard)
            return self._admins[organization.msp_id]

    def close(self) -> None:
        """End all channels and forwards."""
        with self._lock:
            for way in self._ways.values():
                way.close()
            self._ways.clear()

    def _lasting(self, node: Node) -> Endpoint:
        return _Lasting(node.name, lambda: self._endpoint(node))

    def _endpoint(self, node: Node) -> Endpoint:
        with self._lock:
            way = self._ways.get(node.name)
        if way is None or not way.connection.alive:
            connection = self._connection(node.host)
            with self._lock:
                # a forward dies with its connection; the pool has opened a new one by now
                if way is not None and self._ways.get(node.name) is way:
                    way.close()
                    del self._ways[node.name]
                if node.name not in self._ways:
                    self._ways[node.name] = self._open(node, connection)
                way = self._ways[node.name]
        return way.endpoint

    def _open(self, node: Node, connection: Connection) -> _Way:
        organization = self._network.organization_of(node)
        assert organization
        roots = None
        if self._network.session.tls:
            roots = tls_roots(self._workspace.crypto_config / organization.directory / "msp")
        forward = connection.forward(node.ports["grpc"])
        target = f"{forward.address}:{forward.port}"
        return _Way(connection, forward, Endpoint(node.name, target, roots, partial(_obstacle, forward)))


def _obstacle(forward: Forward) -> str | None:
    error = forward.error
    return error.message if error else None
