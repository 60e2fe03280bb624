"""The network that a session describes: every node with its full name, host, ports and ids, ready to be used.

Resolving never fails: what a session gets wrong (an unknown host, a missing release) stays visible here as it
stands, so that the rules can speak about all of it at once. Rules, artifacts and deployment read this, not the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

from fabwiz.session.findings import SessionPath
from fabwiz.session.model import ChaincodeSpec, HostSpec, PeerSpec, Session, Ssh, Subject
from fabwiz.session.releases import RELEASES, Release

DEFAULT_CONSORTIUM = "SampleConsortium"
REMOTE_PARENT = "/opt/fabwiz"
"""On a host, the folder of `remote_dir` where the session names none; it is fabwiz's own."""


class Role(StrEnum):
    """What a container does."""

    ZOOKEEPER = "zookeeper"
    KAFKA = "kafka"
    ORDERER = "orderer"
    PEER = "peer"
    COUCHDB = "couchdb"
    TOOLS = "tools"


@dataclass(frozen=True, slots=True)
class Host:
    """A machine, with the session's general SSH settings filled in."""

    name: str
    address: str | None
    transport: str
    ssh: Ssh
    """Merged; `None` is left only where the SSH layer's own default holds (user, key)."""
    remote_dir: str
    path: SessionPath

    @property
    def is_local(self) -> bool:
        """Whether this is the operator's own machine."""
        return self.transport == "local"


@dataclass(frozen=True, slots=True)
class Node:
    """One container. `name` is its full name: that of the container, its host name and its TLS certificate."""

    role: Role
    key: str
    """Its name in the session: `kafka3`, `peer0`."""
    name: str
    """`kafka3`, `orderer1.example.com`, `peer0.org1.example.com`."""
    host: str
    """Name of its host in the session, whether or not that host exists."""
    path: SessionPath
    ports: Mapping[str, int]
    """Ports that it listens on and that its host publishes, the same number inside and outside, by purpose:
    ZooKeeper `client`, `peer`, `election`; Kafka `broker`; orderer `grpc`; peer `grpc`, `chaincode`, `events`."""
    id: int = 0
    """ZOO_MY_ID, or the broker id."""
    organization: str | None = None
    """Name of the peer organization in the session."""
    spec: PeerSpec | None = None
    """A peer's own settings."""

    @property
    def address(self) -> str:
        """`name:port` of its main port, as other nodes are told it. Only for kinds with a main port."""
        for purpose in ("grpc", "broker", "client"):
            if purpose in self.ports:
                return f"{self.name}:{self.ports[purpose]}"
        raise ValueError(f"{self.name} publishes no port")


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization, that of the orderers included."""

    name: str
    msp_id: str
    domain: str
    nodes: tuple[Node, ...]
    """Its peers, or the orderers."""
    anchors: tuple[Node, ...]
    """Those anchors that name existing peers."""
    users: int
    subject: Subject
    is_orderer: bool
    path: SessionPath

    @property
    def directory(self) -> str:
        """Its folder in crypto-config: `peerOrganizations/org1.example.com`."""
        kind = "ordererOrganizations" if self.is_orderer else "peerOrganizations"
        return f"{kind}/{self.domain}"

    def node_directory(self, node: Node) -> str:
        """A node's folder in crypto-config: `peerOrganizations/org1.example.com/peers/peer0.org1.example.com`."""
        return f"{self.directory}/{'orderers' if self.is_orderer else 'peers'}/{node.name}"

    def user_directory(self, user: str) -> str:
        """A user's folder: `peerOrganizations/org1.example.com/users/Admin@org1.example.com`."""
        return f"{self.directory}/users/{user}@{self.domain}"


@dataclass(frozen=True, slots=True)
class Channel:
    """An application channel with what was found of its members."""

    name: str
    consortium: str
    organizations: tuple[Organization, ...]
    path: SessionPath

    @property
    def peers(self) -> tuple[Node, ...]:
        """All peers that join it."""
        return tuple(peer for organization in self.organizations for peer in organization.nodes)


@dataclass(frozen=True, slots=True)
class Chaincode:
    """A chaincode and the channels that were found for it."""

    name: str
    spec: ChaincodeSpec
    channels: tuple[Channel, ...]
    path: SessionPath


# by purpose (facts: fabric-releases, Ports)
_FIRST_PORTS: dict[Role, dict[str, int]] = {
    Role.ZOOKEEPER: {"client": 2181, "peer": 2888, "election": 3888},
    Role.KAFKA: {"broker": 9092},
    Role.ORDERER: {"grpc": 7050},
    Role.PEER: {"grpc": 7051, "chaincode": 7052, "events": 7053},
}
PORT_STEPS: Mapping[Role, int] = MappingProxyType(
    {Role.ZOOKEEPER: 1, Role.KAFKA: 100, Role.ORDERER: 1000, Role.PEER: 1000}
)
"""How far the ports of two nodes of a kind are apart that follow each other on one host."""
_KAFKA_TLS_PORT = 9093


class Network:
    """Everything that a session describes. Immutable; build one with `Network(session)`.

    The same session gives the same network, so automatic ports and ids follow the order of the file alone: a node's
    ports depend on the nodes of its kind that stand before it and share its host, its id on all that stand before it.
    What is added at the end of `zookeeper`, `kafka` or `orderers`, a new organization at the end, or a peer at the end
    of the last one therefore moves nothing. No order can do that for a peer that is added to an earlier organization,
    nor for what is added in the middle or removed: there the rule `node-moved` compares with what was started before.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.release: Release | None = RELEASES.get(session.fabric)
        self.hosts: Mapping[str, Host] = MappingProxyType(
            {name: self._host(name, spec) for name, spec in session.hosts.items()}
        )
        self._seen: Counter[tuple[Role, str]] = Counter()
        self.zookeeper = tuple(self._zookeeper())
        self.kafka = tuple(self._kafka())
        self.orderers = tuple(self._orderers())
        self.orderer_organization = Organization(
            session.orderer_organization.name,
            session.orderer_organization.msp_id,
            session.domain,
            self.orderers,
            (),
            0,
            session.orderer_organization.subject,
            True,
            ("orderer_organization",),
        )
        self.organizations: Mapping[str, Organization] = MappingProxyType(
            {organization.name: organization for organization in self._organizations()}
        )
        self.consortiums: Mapping[str, tuple[str, ...]] = MappingProxyType(
            {name: tuple(members) for name, members in session.consortiums.items()}
            if session.consortiums is not None
            else {DEFAULT_CONSORTIUM: tuple(session.organizations)}
        )
        self.channels: Mapping[str, Channel] = MappingProxyType({channel.name: channel for channel in self._channels()})
        self.chaincodes: Mapping[str, Chaincode] = MappingProxyType(
            {
                name: Chaincode(
                    name,
                    spec,
                    tuple(self.channels[c] for c in spec.channels if c in self.channels),
                    ("chaincodes", name),
                )
                for name, spec in session.chaincodes.items()
            }
        )

    @property
    def name(self) -> str:
        """The network's name; containers carry it as `fabwiz.network=<name>`."""
        return self.session.name

    @cached_property
    def peers(self) -> tuple[Node, ...]:
        """All peers, in the order of the session."""
        return tuple(peer for organization in self.organizations.values() for peer in organization.nodes)

    @cached_property
    def helpers(self) -> tuple[Node, ...]:
        """CouchDB and tools containers, which stand beside their peers and publish no port."""
        return tuple(self._helpers())

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """Every container of the network."""
        return self.zookeeper + self.kafka + self.orderers + self.peers + self.helpers

    def on(self, host: str) -> tuple[Node, ...]:
        """The containers of one host, in the order in which they start."""
        return self._by_host.get(host, ())

    @cached_property
    def all_organizations(self) -> tuple[Organization, ...]:
        """The orderers' organization, then those with peers."""
        return (self.orderer_organization, *self.organizations.values())

    def organization_of(self, node: Node) -> Organization | None:
        """The organization whose certificate a node carries; ZooKeeper servers and brokers have none."""
        if node.role is Role.ORDERER:
            return self.orderer_organization
        return self.organizations.get(node.organization) if node.organization else None

    @cached_property
    def _by_host(self) -> dict[str, tuple[Node, ...]]:
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            found.setdefault(node.host, []).append(node)
        return {host: tuple(nodes) for host, nodes in found.items()}

    def _host(self, name: str, spec: HostSpec) -> Host:
        # values as they are: dumping would turn durations into text
        general, own = (
            {key: value for key, value in part if value is not None} for part in (self.session.ssh, spec.ssh)
        )
        ssh = Ssh.model_construct(
            **{
                **dict.fromkeys(Ssh.model_fields),
                "port": 22,
                "agent": True,
                "sudo": "auto",
                "connect_timeout": 15.0,
                **general,
                **own,
            }
        )
        remote_dir = spec.remote_dir or self.session.remote_dir or f"{REMOTE_PARENT}/{self.session.name}"
        return Host(name, spec.address, spec.transport, ssh, remote_dir, ("hosts", name))

    def automatic_ports(self, role: Role, nth: int) -> dict[str, int]:
        """Ports, by purpose, of the `nth` node (from 0) of a role on one host, where the session names none."""
        ports = {purpose: first + nth * PORT_STEPS[role] for purpose, first in _FIRST_PORTS[role].items()}
        if role is Role.KAFKA and self.session.ordering.kafka.tls:
            ports["broker"] += _KAFKA_TLS_PORT - _FIRST_PORTS[role]["broker"]
        if self.release and not self.release.has_events_port:
            ports.pop("events", None)
        return ports

    def _ports(self, role: Role, host: str, given: Mapping[str, int | None]) -> Mapping[str, int]:
        nth = self._seen[role, host]
        self._seen[role, host] += 1
        return MappingProxyType(
            {purpose: given.get(purpose) or port for purpose, port in self.automatic_ports(role, nth).items()}
        )

    def _zookeeper(self) -> Iterator[Node]:
        for position, (key, spec) in enumerate(self.session.zookeeper.items(), 1):
            given = {"client": spec.client_port, "peer": spec.peer_port, "election": spec.election_port}
            yield Node(
                Role.ZOOKEEPER,
                key,
                key,
                spec.host,
                ("zookeeper", key),
                self._ports(Role.ZOOKEEPER, spec.host, given),
                position if spec.id is None else spec.id,
            )

    def _kafka(self) -> Iterator[Node]:
        for position, (key, spec) in enumerate(self.session.kafka.items(), 1):
            yield Node(
                Role.KAFKA,
                key,
                key,
                spec.host,
                ("kafka", key),
                self._ports(Role.KAFKA, spec.host, {"broker": spec.port}),
                position if spec.id is None else spec.id,
            )

    def _orderers(self) -> Iterator[Node]:
        for key, spec in self.session.orderers.items():
            yield Node(
                Role.ORDERER,
                key,
                f"{key}.{self.session.domain}",
                spec.host,
                ("orderers", key),
                self._ports(Role.ORDERER, spec.host, {"grpc": spec.port}),
            )

    def _organizations(self) -> Iterator[Organization]:
        for name, spec in self.session.organizations.items():
            peers = {}
            for key, peer in spec.peers.items():
                given = {"grpc": peer.port, "chaincode": peer.chaincode_port, "events": peer.events_port}
                peers[key] = Node(
                    Role.PEER,
                    key,
                    f"{key}.{spec.domain}",
                    peer.host,
                    ("organizations", name, "peers", key),
                    self._ports(Role.PEER, peer.host, given),
                    organization=name,
                    spec=peer,
                )
            yield Organization(
                name,
                spec.msp_id or f"{name}MSP",
                spec.domain,
                tuple(peers.values()),
                tuple(peers[key] for key in spec.anchors if key in peers),
                spec.users,
                spec.subject,
                False,
                ("organizations", name),
            )

    def _helpers(self) -> Iterator[Node]:
        none: Mapping[str, int] = MappingProxyType({})
        for peer in self.peers:
            if peer.spec and peer.spec.couchdb:
                yield Node(
                    Role.COUCHDB,
                    peer.key,
                    f"couchdb.{peer.name}",
                    peer.host,
                    (*peer.path, "couchdb"),
                    none,
                    organization=peer.organization,
                )
            if peer.spec and peer.spec.tools:
                yield Node(
                    Role.TOOLS,
                    peer.key,
                    f"cli.{peer.name}",
                    peer.host,
                    (*peer.path, "tools"),
                    none,
                    organization=peer.organization,
                )

    def _channels(self) -> Iterator[Channel]:
        for name, spec in self.session.channels.items():
            consortium = spec.consortium or next(iter(self.consortiums), DEFAULT_CONSORTIUM)
            yield Channel(
                name,
                consortium,
                tuple(self.organizations[o] for o in spec.organizations if o in self.organizations),
                ("channels", name),
            )
