"""What a configuration block says about its channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fabric_protos.common import common_pb2, configtx_pb2, configuration_pb2, policies_pb2
from fabric_protos.msp import msp_config_pb2
from fabric_protos.peer import configuration_pb2 as peer_pb2

from fabwiz.fabric.understanding import readable


class ConfigError(Exception):
    """A block or transaction is not what it should be."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """An anchor peer, as other organizations dial it."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class ChannelConfig:
    """A channel's configuration. Organizations are named as in the configuration: `Org1` or `Org1MSP`."""

    channel: str
    sequence: int
    group: configtx_pb2.ConfigGroup
    """`/Channel`, for everything that is not below."""
    msp_ids: Mapping[str, str]
    """Application organizations and their MSP ids."""
    anchors: Mapping[str, tuple[Anchor, ...]]
    """Anchor peers by MSP id; empty where an organization has set none."""
    orderer_addresses: tuple[str, ...]
    orderer_msp_ids: tuple[str, ...]
    consortium: str | None
    """The consortium of an application channel."""
    consortiums: Mapping[str, tuple[str, ...]]
    """Of the system channel: consortium -> MSP ids."""
    capabilities: Mapping[str, tuple[str, ...]]
    """Required capabilities of `Channel`, `Orderer` and `Application`."""

    def organization(self, msp_id: str) -> str:
        """Name of the application organization with this MSP id. Raises ConfigError where it is no member."""
        for name, known in self.msp_ids.items():
            if known == msp_id:
                return name
        members = ", ".join(sorted(self.msp_ids.values()))
        raise ConfigError(f"{msp_id} is no member of channel {self.channel} (members: {members})")


@readable(ConfigError, "a block")
def config_of_block(block: common_pb2.Block) -> tuple[str, configtx_pb2.Config]:
    """Channel id and `common.Config` of a configuration block. Raises ConfigError for any other block."""
    if len(block.data.data) != 1:
        raise ConfigError(f"block {block.header.number} is no configuration block: {len(block.data.data)} transactions")
    payload = common_pb2.Payload.FromString(common_pb2.Envelope.FromString(block.data.data[0]).payload)
    header = common_pb2.ChannelHeader.FromString(payload.header.channel_header)
    if header.type != common_pb2.CONFIG:
        raise ConfigError(f"block {block.header.number} of channel {header.channel_id} is no configuration block")
    return header.channel_id, configtx_pb2.ConfigEnvelope.FromString(payload.data).config


@readable(ConfigError, "a configuration block")
def parse_config(block: common_pb2.Block) -> ChannelConfig:
    """Read a configuration block, of an application channel or the system channel. Raises ConfigError."""
    channel, config = config_of_block(block)
    group = config.channel_group
    application = group.groups["Application"] if "Application" in group.groups else configtx_pb2.ConfigGroup()
    orderer = group.groups["Orderer"] if "Orderer" in group.groups else configtx_pb2.ConfigGroup()
    consortiums = group.groups["Consortiums"].groups if "Consortiums" in group.groups else {}
    msp_ids = {name: _msp_id(org) for name, org in application.groups.items()}
    addresses = configuration_pb2.OrdererAddresses.FromString(group.values["OrdererAddresses"].value)
    consortium = None
    if "Consortium" in group.values:
        consortium = configuration_pb2.Consortium.FromString(group.values["Consortium"].value).name
    return ChannelConfig(
        channel=channel,
        sequence=config.sequence,
        group=group,
        msp_ids=msp_ids,
        anchors={msp_ids[name]: _anchors(org) for name, org in application.groups.items()},
        orderer_addresses=tuple(addresses.addresses),
        orderer_msp_ids=tuple(sorted(_msp_id(org) for org in orderer.groups.values())),
        consortium=consortium or None,
        consortiums={
            name: tuple(sorted(_msp_id(org) for org in one.groups.values())) for name, one in consortiums.items()
        },
        capabilities={
            "Channel": _capabilities(group),
            "Orderer": _capabilities(orderer),
            "Application": _capabilities(application),
        },
    )


@readable(ConfigError, "the system channel's configuration")
def signatures_to_create(system: ChannelConfig, consortium: str, members: int) -> int:
    """How many of a new channel's `members` organizations must sign its creation.

    The consortium's ChannelCreationPolicy decides (`orderer/common/msgprocessor/systemchannel.go`): ANY is one,
    MAJORITY more than half, ALL all. A policy of another kind is met by all, too. Raises ConfigError for a
    consortium that the orderers do not know.
    """
    consortiums = system.group.groups["Consortiums"].groups
    if consortium not in consortiums:
        raise ConfigError(f"the orderers know no consortium {consortium} (known: {', '.join(sorted(consortiums))})")
    policy = policies_pb2.Policy()
    values = consortiums[consortium].values
    if "ChannelCreationPolicy" in values:
        policy = policies_pb2.Policy.FromString(values["ChannelCreationPolicy"].value)
    if policy.type == policies_pb2.Policy.IMPLICIT_META:
        rule = policies_pb2.ImplicitMetaPolicy.FromString(policy.value).rule
        if rule == policies_pb2.ImplicitMetaPolicy.ANY:
            return min(1, members)
        if rule == policies_pb2.ImplicitMetaPolicy.MAJORITY:
            return members // 2 + 1
    return members


def _msp_id(organization: configtx_pb2.ConfigGroup) -> str:
    config = msp_config_pb2.MSPConfig.FromString(organization.values["MSP"].value)
    return str(msp_config_pb2.FabricMSPConfig.FromString(config.config).name)


def _anchors(organization: configtx_pb2.ConfigGroup) -> tuple[Anchor, ...]:
    if "AnchorPeers" not in organization.values:
        return ()
    found = peer_pb2.AnchorPeers.FromString(organization.values["AnchorPeers"].value).anchor_peers
    return tuple(Anchor(one.host, one.port) for one in found)


def _capabilities(group: configtx_pb2.ConfigGroup) -> tuple[str, ...]:
    if "Capabilities" not in group.values:
        return ()
    return tuple(sorted(configuration_pb2.Capabilities.FromString(group.values["Capabilities"].value).capabilities))
