"""A client of the deployed network, as an application would be one: straight to the published ports, with TLS."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from fabwiz.fabric.endpoint import Endpoint, tls_roots
from fabwiz.fabric.identity import SigningIdentity
from fabwiz.fabric.orderer import OrdererClient
from fabwiz.fabric.peer import PeerClient
from fabwiz.fabric.transaction import invoke
from fabwiz.session.network import Network, Node
from fabwiz.session.workspace import Workspace
from tests.lab.site.sites import Site


class Client:
    """Signs as the admin of the first organization of a channel; endorsers are the first peers of each."""

    def __init__(self, site: Site, channel: str = "mychannel", chaincode: str = "mycc") -> None:
        self._network: Network = site.network
        self._workspace: Workspace = site.station.workspace
        self._hosts = site.hosts
        self._channel, self._chaincode = channel, chaincode
        self._open: list[Endpoint] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for endpoint in self._open:
            endpoint.close()

    def invoke(self, *arguments: str, orderer: int = 0) -> str:
        """Endorse, order through the orderer of this number, wait for the commit; the validation code.

        Raises FabricError: ServiceUnavailable where the orderer refuses to write.
        """
        peers = self._endorsers()
        words = [word.encode() for word in arguments]
        return invoke(
            self._admin(), peers, self.orderer(orderer), self._channel, self._chaincode, words, committers=peers
        ).code

    def query(self, account: str) -> int:
        """An account of the sample chaincode. Raises FabricError."""
        peer = self._endorsers()[0]
        return int(peer.call(self._admin(), self._channel, self._chaincode, [b"query", account.encode()]))

    def orderer(self, number: int) -> OrdererClient:
        return OrdererClient(self._endpoint(self._network.orderers[number]), timeout=60)

    def admin_of_orderers(self) -> SigningIdentity:
        """Who may read the system channel."""
        owner = self._network.orderer_organization
        return SigningIdentity.load(self._workspace.crypto_config / owner.user_directory("Admin") / "msp", owner.msp_id)

    def _endorsers(self) -> list[PeerClient]:
        names = self._network.session.channels[self._channel].organizations
        members = [self._network.organizations[name] for name in names]
        return [
            PeerClient(self._endpoint(member.nodes[0]), observer=self._admin(member.name), timeout=60)
            for member in members
            if member.nodes
        ]

    def _admin(self, organization: str | None = None) -> SigningIdentity:
        name = organization or self._network.session.channels[self._channel].organizations[0]
        owner = self._network.organizations[name]
        return SigningIdentity.load(self._workspace.crypto_config / owner.user_directory("Admin") / "msp", owner.msp_id)

    def _endpoint(self, node: Node) -> Endpoint:
        owner = self._network.organization_of(node) or self._network.orderer_organization
        roots = tls_roots(self._workspace.crypto_config / owner.directory / "msp")
        endpoint = Endpoint(node.name, f"{self._hosts[node.host].address}:{node.ports['grpc']}", roots)
        self._open.append(endpoint)
        return endpoint
