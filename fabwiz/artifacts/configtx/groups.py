"""The groups of a channel's configuration (`configtxgen/encoder`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from fabric_protos.common import configtx_pb2, configuration_pb2, policies_pb2
from fabric_protos.orderer import configuration_pb2 as orderer_pb2
from fabric_protos.peer import configuration_pb2 as peer_pb2
from google.protobuf.message import Message

from fabwiz.artifacts.configtx.dialect import Dialect
from fabwiz.artifacts.configtx.msp import has_node_ous, msp_config
from fabwiz.artifacts.configtx.policies import accept_all, implicit_meta, organization_roles, signed_by_any
from fabwiz.artifacts.errors import GenerateError
from fabwiz.session.network import Network, Organization
from fabwiz.session.units import go_duration
from fabwiz.session.workspace import Workspace

ADMINS = "Admins"
ORDERER_ADMINS = "/Channel/Orderer/Admins"
Group: TypeAlias = configtx_pb2.ConfigGroup


def group_name(organization: Organization) -> str:
    """The name of an organization's group: the orderers' goes by its name, all others by their MSP id."""
    return organization.name if organization.is_orderer else organization.msp_id


def system_channel(network: Network, workspace: Workspace, dialect: Dialect) -> Group:
    """The root group of the system channel. Raises GenerateError."""
    channel = Group(mod_policy=ADMINS)
    _add_default_policies(channel)
    _add_value(channel, "HashingAlgorithm", configuration_pb2.HashingAlgorithm(name="SHA256"))
    _add_value(channel, "BlockDataHashingStructure", configuration_pb2.BlockDataHashingStructure(width=0xFFFFFFFF))
    addresses = configuration_pb2.OrdererAddresses(addresses=[orderer.address for orderer in network.orderers])
    _add_value(channel, "OrdererAddresses", addresses, ORDERER_ADMINS)
    _add_capability(channel, dialect.capabilities.channel)
    channel.groups["Orderer"].CopyFrom(_orderer(network, workspace, dialect))
    channel.groups["Consortiums"].CopyFrom(_consortiums(network, workspace, dialect))
    return channel


def application(organizations: Iterable[Organization], dialect: Dialect) -> Group:
    """The Application group of a channel's creation: policies and capability, and the members' names."""
    group = Group(mod_policy=ADMINS, version=1)
    _add_default_policies(group, dialect.creation_owner)
    _add_capability(group, dialect.capabilities.application)
    for organization in organizations:
        member = group.groups[group_name(organization)]
        if dialect.creation_touches_empty_anchors and not organization.anchors:
            member.values["AnchorPeers"].CopyFrom(configtx_pb2.ConfigValue(version=1, mod_policy=ADMINS))
    return group


def anchor_peers(organization: Organization) -> peer_pb2.AnchorPeers:
    """The peers by which other organizations find an organization's gossip."""
    return peer_pb2.AnchorPeers(
        anchor_peers=[peer_pb2.AnchorPeer(host=peer.name, port=peer.ports["grpc"]) for peer in organization.anchors]
    )


def seed_brokers(network: Network) -> list[str]:
    """`name:port` of the brokers that the genesis block names. Raises GenerateError for one that does not exist."""
    known = {broker.key: broker.address for broker in network.kafka}
    wanted = network.session.ordering.kafka.seed_brokers
    for key in wanted or ():
        if key not in known:
            raise GenerateError(f"ordering.kafka.seed_brokers names {key}, which is not listed under kafka.")
    return [known[key] for key in (known if wanted is None else wanted)]


def _orderer(network: Network, workspace: Workspace, dialect: Dialect) -> Group:
    group = Group(mod_policy=ADMINS)
    _add_default_policies(group)
    _add_policy(group, "BlockValidation", implicit_meta("ANY", "Writers"))
    ordering = network.session.ordering
    size = orderer_pb2.BatchSize(
        max_message_count=ordering.max_message_count,
        absolute_max_bytes=ordering.absolute_max_bytes,
        preferred_max_bytes=ordering.preferred_max_bytes,
    )
    _add_value(group, "BatchSize", size)
    _add_value(group, "BatchTimeout", orderer_pb2.BatchTimeout(timeout=go_duration(ordering.batch_timeout)))
    _add_value(group, "ChannelRestrictions", orderer_pb2.ChannelRestrictions())
    _add_capability(group, dialect.capabilities.orderer)
    _add_value(group, "KafkaBrokers", orderer_pb2.KafkaBrokers(brokers=seed_brokers(network)))
    _add_value(group, "ConsensusType", orderer_pb2.ConsensusType(type="kafka"))
    organization = network.orderer_organization
    group.groups[group_name(organization)].CopyFrom(_organization(organization, workspace, dialect))
    return group


def _consortiums(network: Network, workspace: Workspace, dialect: Dialect) -> Group:
    group = Group(mod_policy=ORDERER_ADMINS)
    _add_policy(group, ADMINS, accept_all(), dialect.consortiums_policy_owner)
    for name, members in network.consortiums.items():
        consortium = group.groups[name]
        consortium.mod_policy = ORDERER_ADMINS
        # one member's admin may create a channel
        _add_value(consortium, "ChannelCreationPolicy", implicit_meta("ANY", ADMINS), ORDERER_ADMINS)
        for member in members:
            organization = network.organizations.get(member)
            if organization is None:
                raise GenerateError(f"consortiums.{name} names {member}, which is not listed under organizations.")
            consortium.groups[group_name(organization)].CopyFrom(_organization(organization, workspace, dialect))
    return group


def _organization(organization: Organization, workspace: Workspace, dialect: Dialect) -> Group:
    group = Group(mod_policy=ADMINS)
    folder = workspace.crypto_config / organization.directory / "msp"
    tells_peers = dialect.explicit_policies and has_node_ous(folder, dialect)
    for name, roles in organization_roles(tells_peers).items():
        _add_policy(group, name, signed_by_any(organization.msp_id, roles))
    _add_value(group, "MSP", msp_config(folder, organization.msp_id, dialect))
    return group


def _add_default_policies(group: Group, owner: str = ADMINS) -> None:
    _add_policy(group, "Readers", implicit_meta("ANY", "Readers"), owner)
    _add_policy(group, "Writers", implicit_meta("ANY", "Writers"), owner)
    _add_policy(group, ADMINS, implicit_meta("MAJORITY", ADMINS), owner)


def _add_policy(group: Group, name: str, policy: policies_pb2.Policy, owner: str = ADMINS) -> None:
    group.policies[name].CopyFrom(configtx_pb2.ConfigPolicy(policy=policy, mod_policy=owner))


def _add_value(group: Group, name: str, value: Message, owner: str = ADMINS) -> None:
    content = value.SerializeToString(deterministic=True)
    group.values[name].CopyFrom(configtx_pb2.ConfigValue(value=content, mod_policy=owner))


def _add_capability(group: Group, name: str | None) -> None:
    if name:
        capabilities = configuration_pb2.Capabilities()
        capabilities.capabilities[name].SetInParent()
        _add_value(group, "Capabilities", capabilities)
