"""The genesis block and the transactions of a network, as configtxgen writes them."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime

from fabric_protos.common import common_pb2, configtx_pb2, configuration_pb2
from fabric_protos.orderer import configuration_pb2 as orderer_pb2
from google.protobuf.message import DecodeError, Message
from google.protobuf.timestamp_pb2 import Timestamp

from fabwiz.artifacts.configtx import groups
from fabwiz.artifacts.configtx.dialect import Dialect
from fabwiz.artifacts.configtx.groups import Group, group_name
from fabwiz.artifacts.errors import release_of
from fabwiz.session.network import Channel, Network, Organization
from fabwiz.session.workspace import Workspace

_NONCE_BYTES = 24


def genesis_block(network: Network, workspace: Workspace, now: datetime | None = None) -> bytes:
    """Block 0 of the system channel, from the session and the msp folders of the workspace.

    Everything but the nonce, the time (`now`, with a time zone) and the hashes that follow from them depends on
    these two alone. Raises ArtifactError for an unknown release, GenerateError where an MSP is missing or damaged.
    """
    dialect = Dialect.of(release_of(network))
    config = configtx_pb2.Config(channel_group=groups.system_channel(network, workspace, dialect))
    nonce = secrets.token_bytes(_NONCE_BYTES)
    header = _channel_header(common_pb2.CONFIG, network.session.system_channel, now)
    header.version = 1
    header.tx_id = hashlib.sha256(nonce).hexdigest()  # of the nonce and of no creator
    payload = common_pb2.Payload(
        header=common_pb2.Header(
            channel_header=_bytes(header),
            signature_header=_bytes(common_pb2.SignatureHeader(nonce=nonce)),
        ),
        data=_bytes(configtx_pb2.ConfigEnvelope(config=config)),
    )
    transaction = _bytes(common_pb2.Envelope(payload=_bytes(payload)))
    block = common_pb2.Block(
        header=common_pb2.BlockHeader(number=0, data_hash=hashlib.sha256(transaction).digest()),
        data=common_pb2.BlockData(data=[transaction]),
        metadata=common_pb2.BlockMetadata(metadata=[b""] * dialect.metadata_entries),
    )
    return _bytes(block)


def brokers_of(block: bytes) -> tuple[str, ...]:
    """`name:port` of the brokers that a genesis block names. Raises ValueError for what is no such block."""
    try:
        envelope = common_pb2.Envelope.FromString(common_pb2.Block.FromString(block).data.data[0])
        config = configtx_pb2.ConfigEnvelope.FromString(common_pb2.Payload.FromString(envelope.payload).data).config
        value = config.channel_group.groups["Orderer"].values["KafkaBrokers"].value
        return tuple(orderer_pb2.KafkaBrokers.FromString(value).brokers)
    except (DecodeError, IndexError) as error:
        raise ValueError(f"no genesis block: {error}") from error


def channel_tx(network: Network, channel: Channel | str, workspace: Workspace, now: datetime | None = None) -> bytes:
    """The transaction that creates a channel, unsigned; `channel` by itself or by its name.

    Nothing of the workspace enters it, since organizations are named by the consortium. As configtxgen 1.1 and 1.2
    write it, orderers refuse it where a member has no anchors: see `creation_for_orderers`.
    """
    dialect = Dialect.of(release_of(network))
    wanted = network.channels[channel] if isinstance(channel, str) else channel
    consortium = _bytes(configuration_pb2.Consortium(name=wanted.consortium))
    write_set = Group()
    write_set.values["Consortium"].value = consortium
    write_set.groups["Application"].CopyFrom(groups.application(wanted.organizations, dialect))
    read_set = Group()
    read_set.values["Consortium"].value = consortium if dialect.creation_reads_consortium else b""
    for organization in wanted.organizations:
        read_set.groups["Application"].groups[group_name(organization)].SetInParent()
    header = _channel_header(common_pb2.CONFIG_UPDATE, wanted.name, now)
    if dialect.creation_has_tx_id:
        header.tx_id = hashlib.sha256(b"").hexdigest()
    return _update(header, configtx_pb2.ConfigUpdate(channel_id=wanted.name, read_set=read_set, write_set=write_set))


def creation_for_orderers(transaction: bytes) -> bytes:
    """A channel's creation without the empty AnchorPeers of version 1 that configtxgen 1.1 and 1.2 write.

    Orderers answer such a value with "attempted to set key ... to version 1, but key does not exist". Other
    transactions come back as they are. Raises ValueError for what is no transaction.
    """
    try:
        envelope = common_pb2.Envelope.FromString(transaction)
        payload = common_pb2.Payload.FromString(envelope.payload)
        outer = configtx_pb2.ConfigUpdateEnvelope.FromString(payload.data)
        update = configtx_pb2.ConfigUpdate.FromString(outer.config_update)
    except DecodeError as error:
        raise ValueError(f"no transaction that creates a channel: {error}") from error
    found = False
    for member in update.write_set.groups["Application"].groups.values():
        if "AnchorPeers" in member.values and not member.values["AnchorPeers"].value:
            del member.values["AnchorPeers"]
            found = True
    if not found:
        return transaction
    outer.config_update = _bytes(update)
    payload.data = _bytes(outer)
    envelope.payload = _bytes(payload)
    return _bytes(envelope)


def anchors_tx(network: Network, channel: Channel | str, organization: Organization, workspace: Workspace) -> bytes:
    """The transaction that sets an organization's anchor peers on a new channel, unsigned."""
    dialect = Dialect.of(release_of(network))
    owner = dialect.anchors_owner
    name = group_name(organization)
    channel_id = channel if isinstance(channel, str) else channel.name
    read_set, write_set = Group(), Group()
    for sets in (read_set, write_set):
        application = sets.groups["Application"]
        application.version = 1
        application.mod_policy = owner
        member = application.groups[name]
        member.values["MSP"].SetInParent()
        for policy in ("Readers", "Writers", groups.ADMINS):
            member.policies[policy].SetInParent()
    member = write_set.groups["Application"].groups[name]
    member.version = 1
    member.mod_policy = owner
    anchors = _bytes(groups.anchor_peers(organization))
    member.values["AnchorPeers"].CopyFrom(configtx_pb2.ConfigValue(value=anchors, mod_policy=owner))
    header = common_pb2.ChannelHeader(type=common_pb2.CONFIG_UPDATE, channel_id=channel_id)
    return _update(header, configtx_pb2.ConfigUpdate(channel_id=channel_id, read_set=read_set, write_set=write_set))


def _update(header: common_pb2.ChannelHeader, update: configtx_pb2.ConfigUpdate) -> bytes:
    payload = common_pb2.Payload(
        header=common_pb2.Header(channel_header=_bytes(header)),
        data=_bytes(configtx_pb2.ConfigUpdateEnvelope(config_update=_bytes(update))),
    )
    return _bytes(common_pb2.Envelope(payload=_bytes(payload)))


def _channel_header(kind: int, channel: str, now: datetime | None) -> common_pb2.ChannelHeader:
    seconds = int((now or datetime.now(UTC)).timestamp())
    return common_pb2.ChannelHeader(type=kind, channel_id=channel, timestamp=Timestamp(seconds=seconds))


def _bytes(message: Message) -> bytes:
    return message.SerializeToString(deterministic=True)
