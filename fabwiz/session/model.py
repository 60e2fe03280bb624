"""Format 1 of the session file, as data: what a file may say, its types and its defaults.

Only the shape is checked here; what must hold between the parts is in `fabwiz.rules`. Every description
is shown to people: in the JSON schema, by editors and in the wizard.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from fabwiz.session.units import Duration, Size


class Part(BaseModel):
    """What all parts share: no unknown keys, no silent conversions, no changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


@dataclass(frozen=True)
class Short:
    """Lets a plain string stand for a mapping with that one key: `zk1: a` is `zk1: {host: a}`."""

    key: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read the short form; everything else goes on to the part itself."""
        return core_schema.no_info_before_validator_function(
            lambda value: {self.key: value} if isinstance(value, str) else value, handler(source)
        )

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Show both forms in the JSON Schema."""
        return {"anyOf": [{"type": "string", "description": f"short for {{{self.key}: ...}}"}, handler(core)]}


Port = Annotated[int, Field(ge=1, le=65535)]


class Ssh(Part):
    """How to log in; on a host it overrides what the session says for all hosts."""

    user: str | None = Field(None, description="login name; your own name when nothing is said")
    port: Port | None = Field(None, description="port of sshd; 22 when nothing is said")
    key: str | None = Field(None, description="private key file; the agent's and ~/.ssh's keys are tried too")
    agent: bool | None = Field(None, description="try the keys of a running ssh-agent; true when nothing is said")
    password: Literal["ask"] | None = Field(
        None, description="`ask`: log in with a password that is asked for once a run and never kept"
    )
    jump: str | None = Field(
        None, description="jump host: the name of a listed host, or user@address:port; `none` overrides a general one"
    )
    sudo: Literal["auto", "never", "passwordless", "ask"] | None = Field(
        None,
        description="how commands become root's: `auto` uses sudo where the user is neither root nor in the "
        "docker group, `ask` asks for sudo's password once a run",
    )
    connect_timeout: Duration | None = Field(None, description="seconds to wait for a connection; 15s")


class HostSpec(Part):
    """A machine. `a: 203.0.113.11` is short for `a: {address: 203.0.113.11}`."""

    address: str | None = Field(None, description="IPv4, IPv6 or DNS name that the other hosts reach it by")
    transport: Literal["ssh", "local"] = Field("ssh", description="`local`: this machine, without SSH")
    ssh: Ssh = Field(default=Ssh(), description="what differs for this host")
    remote_dir: str | None = Field(None, description="where everything lies on this host")


class ZooKeeperSpec(Part):
    """A ZooKeeper server. `zk1: a` places it on host a."""

    host: str = Field(description="host that runs it")
    id: int | None = Field(None, description="ZOO_MY_ID, 1 to 255; its position in the list when nothing is said")
    client_port: Port | None = Field(None, description="2181, one up for each further server on a host")
    peer_port: Port | None = Field(None, description="2888, one up for each further server on a host")
    election_port: Port | None = Field(None, description="3888, one up for each further server on a host")


class KafkaSpec(Part):
    """A Kafka broker."""

    host: str = Field(description="host that runs it")
    id: int | None = Field(None, description="broker id; its position in the list, from 1, when nothing is said")
    port: Port | None = Field(None, description="9092 (9093 with TLS), 100 up for each further broker on a host")


class OrdererSpec(Part):
    """An ordering service node."""

    host: str = Field(description="host that runs it")
    port: Port | None = Field(None, description="7050, 1000 up for each further orderer on a host")


class PeerSpec(Part):
    """A peer."""

    host: str = Field(description="host that runs it")
    port: Port | None = Field(None, description="7051, 1000 up for each further peer on a host")
    chaincode_port: Port | None = Field(None, description="7052, 1000 up for each further peer on a host")
    events_port: Port | None = Field(None, description="7053 (Fabric 1.0 to 1.2), 1000 up for each further peer")
    couchdb: bool = Field(False, description="keep the state in CouchDB instead of LevelDB")
    tools: bool = Field(False, description="add the familiar cli container beside this peer")


class Subject(Part):
    """Subject fields of certificates, as in crypto-config.yaml's CA section."""

    country: str | None = Field(None, description="C; US when nothing is said, as cryptogen has it")
    province: str | None = Field(None, description="ST; California when nothing is said")
    locality: str | None = Field(None, description="L; San Francisco when nothing is said")
    organizational_unit: str | None = Field(None, description="OU of the CA certificates")
    street_address: str | None = Field(None, description="street address")
    postal_code: str | None = Field(None, description="postal code")


class Certificates(Part):
    """What stands in the certificates that are generated here."""

    subject: Subject = Field(default=Subject(), description="subject fields of all organizations")
    ca_lifetime: Duration = Field(3650 * 86400.0, description="lifetime of CA certificates; 10 years, as cryptogen")
    lifetime: Duration = Field(3650 * 86400.0, description="lifetime of all others; 10 years, as cryptogen")


class OrdererOrganizationSpec(Part):
    """The organization that the orderers belong to."""

    name: str = Field("OrdererOrg", description="its name in the channel configuration")
    msp_id: str = Field("OrdererMSP", description="its MSP id")
    subject: Subject = Field(default=Subject(), description="subject fields that differ for it")


class OrganizationSpec(Part):
    """An organization with peers."""

    domain: str = Field(description="DNS domain of its peers: peer0 becomes peer0.<domain>")
    msp_id: str | None = Field(None, description="MSP id; <name>MSP when nothing is said")
    peers: dict[str, Annotated[PeerSpec, Short("host")]] = Field(
        default_factory=dict, description="its peers and where they run"
    )
    anchors: list[str] = Field(default_factory=list, description="peers that other organizations gossip with")
    users: int = Field(1, ge=0, le=10000, description="users beside Admin for whom keys are made: User1, User2, ...")
    subject: Subject = Field(default=Subject(), description="subject fields that differ for it")


class ChannelSpec(Part):
    """An application channel."""

    organizations: list[str] = Field(description="its members")
    consortium: str | None = Field(
        None, description="the consortium that creates it; may be left out where there is only one"
    )


class CollectionSpec(Part):
    """A private data collection (Fabric 1.2 and later)."""

    policy: str = Field(description="who may hold the data, such as OR('Org1MSP.member')")
    required_peers: int = Field(0, ge=0, description="peers that must have the data before the endorsement")
    max_peers: int = Field(1, ge=0, description="peers that the endorser sends the data to at most")
    block_to_live: int = Field(0, ge=0, description="blocks after which the data goes; 0 keeps it")
    member_only_read: bool = Field(False, description="only members read (Fabric 1.4 and later)")


class CheckStep(Part):
    """One call that proves that the chaincode works."""

    query: list[str] | None = Field(None, description="arguments of a query, its function first")
    invoke: list[str] | None = Field(None, description="arguments of an invocation, its function first")
    expect: str | None = Field(None, description="the answer that must come")
    channel: str | None = Field(None, description="the channel; every one of the chaincode when nothing is said")
    organization: str | None = Field(None, description="the organization that asks; each in turn for a query")


class ChaincodeSpec(Part):
    """A chaincode, the channels that it runs on, and calls that prove that it works."""

    version: str = Field(description="its version, in quotes")
    language: Literal["golang", "node", "java"] = Field("golang", description="golang, node or java")
    path: str = Field(description="folder of its source: beside the session file, else among the shipped samples")
    channels: list[str] = Field(description="channels that it is instantiated on")
    policy: str | None = Field(
        None,
        description="endorsement policy, such as AND ('Org1MSP.peer','Org2MSP.peer'); Fabric's default is any member",
    )
    init: list[str] = Field(default_factory=lambda: ["init"], description="arguments of the instantiation")
    collections: dict[str, CollectionSpec] = Field(default_factory=dict, description="private data collections")
    check: list[CheckStep] = Field(default_factory=list, description="calls that prove that it works")


class Retry(Part):
    """How long orderers go on trying to reach Kafka (ORDERER_KAFKA_RETRY_...)."""

    short_interval: Duration = Field(5.0, description="interval at first")
    short_total: Duration = Field(600.0, description="how long at that interval")
    long_interval: Duration = Field(300.0, description="interval thereafter")
    long_total: Duration = Field(43200.0, description="how long at that interval; then the orderer gives up")


class KafkaSettings(Part):
    """Settings of the Kafka cluster."""

    min_insync_replicas: int = Field(2, description="M: replicas that must have a message before it counts as written")
    replication_factor: int = Field(3, description="N: copies of every channel")
    topic_replication_factor: int | None = Field(
        None, description="ORDERER_KAFKA_TOPIC_REPLICATIONFACTOR; N when nothing is said"
    )
    message_max_bytes: Size = Field(
        99 << 20, description="message.max.bytes; above it a broker refuses a block's messages"
    )
    replica_fetch_max_bytes: Size = Field(
        99 << 20, description="replica.fetch.max.bytes; replicas must be able to fetch the largest message"
    )
    socket_request_max_bytes: Size = Field(
        100 << 20, description="socket.request.max.bytes; Kafka's own default is 100 MB"
    )
    log_retention_ms: int = Field(-1, description="log.retention.ms; must be -1: the channels' messages stay for ever")
    unclean_leader_election: bool = Field(False, description="unclean.leader.election.enable; true loses blocks")
    seed_brokers: list[str] | None = Field(
        None, description="brokers that the genesis block names; all when nothing is said"
    )
    tls: bool = Field(False, description="TLS with client certificates between orderers and brokers, and among brokers")
    version: str | None = Field(None, description="protocol version of the orderers' Kafka client; the release's own")
    heap: Size | None = Field(None, description="heap of a broker; 1 GB when nothing is said")
    retry: Retry = Field(default=Retry(), description="how long orderers go on trying")


class Ordering(Part):
    """How blocks are cut, and the Kafka cluster behind it."""

    batch_timeout: Duration = Field(2.0, description="a block is cut this long after its first transaction")
    max_message_count: int = Field(10, description="transactions a block at most")
    absolute_max_bytes: Size = Field(98 << 20, description="A: bytes a block at most")
    preferred_max_bytes: Size = Field(512 << 10, description="bytes a block, unless one transaction is larger")
    kafka: KafkaSettings = Field(default=KafkaSettings(), description="the Kafka cluster")


class Keys(Part):
    """How the keys that never leave the workstation are kept: those of CAs, admins and users."""

    encrypt: bool = Field(
        False, description="under a passphrase, which a run asks for once; nodes' keys stay as they are"
    )
    keyring: bool = Field(False, description="look for the passphrase in the desktop's keyring, and keep it there")


class Images(Part):
    """Where images come from."""

    registry: str | None = Field(
        None, description="prefix such as mirror.example.com:5000; Docker's own when nothing is said"
    )
    namespace: str = Field("hyperledger", description="the images' namespace")
    tag: str | None = Field(None, description="tag of the fabric images; the release's own when nothing is said")
    third_party_tag: str | None = Field(None, description="tag of the kafka, zookeeper and couchdb images")
    overrides: dict[str, str] = Field(
        default_factory=dict,
        description="whole image names by role: zookeeper, kafka, orderer, peer, couchdb, tools, builder, runtime",
    )
    source: Literal["pull", "present", "load"] = Field(
        "pull",
        description="`pull`: hosts pull what is missing; `present`: it must be there; `load`: it is sent to them "
        "from image archives of this workstation",
    )
    archives: str = Field(
        "images", description="for `load`: the folder with archives that `docker save` wrote, beside the session file"
    )


class Logging(Part):
    """What containers log, and how much of it a host keeps."""

    level: str = Field("INFO", description="a level, or from 1.4 on a logging specification such as INFO:gossip=DEBUG")
    kafka_verbose: bool = Field(False, description="log the orderers' Kafka client")
    max_size: str = Field("50m", description="a container's log file is rotated at this size")
    max_files: int = Field(5, ge=1, description="rotated files kept for a container")


class Timeouts(Part):
    """How long each phase waits for evidence before it gives up and says what was last seen."""

    pull: Duration = Field(1800.0, description="pulling a host's images, or loading one that was sent")
    zookeeper: Duration = Field(120.0, description="until the ensemble has a leader")
    kafka: Duration = Field(180.0, description="until all brokers are registered")
    orderers: Duration = Field(180.0, description="until every orderer serves the system channel")
    peers: Duration = Field(120.0, description="until every peer answers")
    channels: Duration = Field(180.0, description="creating a channel, and peers catching up")
    chaincode: Duration = Field(600.0, description="building and starting chaincode")


class Session(Part):
    """A whole session file."""

    fabwiz: Literal[1] = Field(description="version of this format: 1")
    name: str = Field(description="name of the network: labels containers and names folders")
    fabric: str = Field(description='Fabric release, in quotes, such as "1.4.12"')
    domain: str = Field("example.com", description="DNS domain of the orderers")
    system_channel: str = Field("system-channel", description="name of the orderers' own channel")
    remote_dir: str | None = Field(None, description="folder on every host; /opt/fabwiz/<name> when nothing is said")
    tls: bool = Field(True, description="TLS between peers, orderers and clients")
    hardening: bool = Field(
        True, description="containers drop what rights Fabric's images can do without; false for images that need more"
    )
    ssh: Ssh = Field(default=Ssh(), description="how to log in to all hosts")
    hosts: dict[str, Annotated[HostSpec, Short("address")]] = Field(description="the machines")
    zookeeper: dict[str, Annotated[ZooKeeperSpec, Short("host")]] = Field(description="the ZooKeeper ensemble")
    kafka: dict[str, Annotated[KafkaSpec, Short("host")]] = Field(description="the Kafka brokers")
    orderers: dict[str, Annotated[OrdererSpec, Short("host")]] = Field(description="the ordering service nodes")
    orderer_organization: OrdererOrganizationSpec = Field(
        default=OrdererOrganizationSpec(), description="the organization that the orderers belong to"
    )
    organizations: dict[str, OrganizationSpec] = Field(description="the organizations with peers")
    consortiums: dict[str, list[str]] | None = Field(
        None, description="who may create channels together; SampleConsortium of all when nothing is said"
    )
    channels: dict[str, ChannelSpec] = Field(default_factory=dict, description="the application channels")
    chaincodes: dict[str, ChaincodeSpec] = Field(default_factory=dict, description="the chaincodes")
    ordering: Ordering = Field(default=Ordering(), description="blocks and the Kafka cluster")
    certificates: Certificates = Field(default=Certificates(), description="what certificates say")
    keys: Keys = Field(default=Keys(), description="how the keys that never leave the workstation are kept")
    images: Images = Field(default=Images(), description="where images come from")
    logging: Logging = Field(default=Logging(), description="what is logged")
    timeouts: Timeouts = Field(default=Timeouts(), description="how long to wait for evidence")
    accept: dict[str, str] = Field(
        default_factory=dict, description="waivable rules that are accepted, each with the reason"
    )
