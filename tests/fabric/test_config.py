from __future__ import annotations

from pathlib import Path

import pytest
from fabric_protos.common import common_pb2, configtx_pb2, configuration_pb2, policies_pb2

from fabwiz.fabric.channel import anchor_update
from fabwiz.fabric.config import Anchor, ChannelConfig, ConfigError, parse_config, signatures_to_create
from fabwiz.fabric.config_update import compute_update, update_of_transaction

REFERENCE = Path(__file__).parent.parent / "reference"


def block(folder: str) -> common_pb2.Block:
    return common_pb2.Block.FromString((REFERENCE / folder / "expected" / "genesis.block").read_bytes())


@pytest.mark.parametrize(
    ("folder", "members", "capability"),
    [
        ("three-orgs-one-host", ("Org1MSP", "Org2MSP", "Org3MSP"), ()),
        ("thirteen-hosts", ("Org1MSP", "Org2MSP", "Org3MSP", "Org4MSP", "Org5MSP"), ("V1_1",)),
        ("four-lan-hosts", ("Org1MSP", "Org2MSP"), ("V1_3",)),
        ("four-lan-hosts-1.4.12", ("Org1MSP", "Org2MSP"), ("V1_4_3",)),
    ],
)
def test_the_official_genesis_blocks_are_understood(
    folder: str, members: tuple[str, ...], capability: tuple[str, ...]
) -> None:
    config = parse_config(block(folder))
    assert config.orderer_msp_ids == ("OrdererMSP",)
    assert set(members) == {msp for one in config.consortiums.values() for msp in one}
    assert config.capabilities["Channel"] == capability
    assert config.orderer_addresses[0].endswith(":7050")
    assert config.consortium is None
    assert config.msp_ids == {}


def test_a_block_of_transactions_is_no_configuration() -> None:
    header = common_pb2.ChannelHeader(type=common_pb2.ENDORSER_TRANSACTION, channel_id="mychannel")
    payload = common_pb2.Payload(header=common_pb2.Header(channel_header=header.SerializeToString()))
    envelope = common_pb2.Envelope(payload=payload.SerializeToString()).SerializeToString()
    made = common_pb2.Block(data=common_pb2.BlockData(data=[envelope]))
    with pytest.raises(ConfigError, match="block 0 of channel mychannel is no configuration block"):
        parse_config(made)
    with pytest.raises(ConfigError, match="0 transactions"):
        parse_config(common_pb2.Block())


def test_one_signature_is_enough_for_the_usual_creation_policy() -> None:
    system = parse_config(block("four-lan-hosts"))
    assert signatures_to_create(system, next(iter(system.consortiums)), 2) == 1
    with pytest.raises(ConfigError, match="know no consortium Other"):
        signatures_to_create(system, "Other", 2)


@pytest.mark.parametrize(("rule", "needed"), [("ANY", 1), ("MAJORITY", 3), ("ALL", 5)])
def test_signatures_follow_the_creation_policy(rule: str, needed: int) -> None:
    system = parse_config(block("thirteen-hosts"))
    name = next(iter(system.consortiums))
    meta = policies_pb2.ImplicitMetaPolicy(
        rule=policies_pb2.ImplicitMetaPolicy.Rule.Value(rule), sub_policy="Admins"
    ).SerializeToString()
    policy = policies_pb2.Policy(type=policies_pb2.Policy.IMPLICIT_META, value=meta).SerializeToString()
    system.group.groups["Consortiums"].groups[name].values["ChannelCreationPolicy"].value = policy
    assert signatures_to_create(system, name, 5) == needed


def application(group: configtx_pb2.ConfigGroup) -> ChannelConfig:
    """A channel of the consortium's organizations, as the orderer would make it."""
    header = common_pb2.ChannelHeader(type=common_pb2.CONFIG, channel_id="mychannel").SerializeToString()
    envelope = configtx_pb2.ConfigEnvelope(config=configtx_pb2.Config(sequence=1, channel_group=group))
    payload = common_pb2.Payload(
        header=common_pb2.Header(channel_header=header), data=envelope.SerializeToString()
    ).SerializeToString()
    data = common_pb2.BlockData(data=[common_pb2.Envelope(payload=payload).SerializeToString()])
    return parse_config(common_pb2.Block(data=data))


@pytest.fixture
def channel() -> ChannelConfig:
    system = parse_config(block("four-lan-hosts-1.4.12"))
    group = configtx_pb2.ConfigGroup()
    group.CopyFrom(system.group)
    organizations = next(iter(group.groups["Consortiums"].groups.values())).groups
    for name, organization in organizations.items():
        group.groups["Application"].groups[name].CopyFrom(organization)
    group.groups["Application"].version = 1
    group.groups["Application"].mod_policy = "Admins"
    del group.groups["Consortiums"]
    consortium = configuration_pb2.Consortium(name="SampleConsortium")
    group.values["Consortium"].value = consortium.SerializeToString()
    return application(group)


def test_anchors_are_empty_until_they_are_set(channel: ChannelConfig) -> None:
    assert channel.consortium == "SampleConsortium"
    assert channel.anchors == {"Org1MSP": (), "Org2MSP": ()}


def test_the_computed_anchor_update_asks_for_what_configtxgen_writes(channel: ChannelConfig) -> None:
    path = REFERENCE / "four-lan-hosts-1.4.12" / "expected" / "mychannel-Org1MSP-anchors.tx"
    name, envelope = update_of_transaction(path.read_bytes())
    official = configtx_pb2.ConfigUpdate.FromString(envelope.config_update)
    anchors = [Anchor("peer0.org1.example.com", 7051)]
    update = anchor_update(channel, "Org1MSP", anchors)
    assert name == update.channel_id == "mychannel"
    organization = channel.organization("Org1MSP")
    theirs = official.write_set.groups["Application"].groups[organization]
    ours = update.write_set.groups["Application"].groups[organization]
    assert ours.values["AnchorPeers"] == theirs.values["AnchorPeers"]
    assert (ours.version, ours.mod_policy) == (theirs.version, theirs.mod_policy) == (1, "Admins")
    assert set(ours.values) == set(theirs.values)
    assert set(ours.policies) == set(theirs.policies)
    read = update.read_set.groups["Application"].groups[organization]
    assert "AnchorPeers" not in read.values
    assert read.version == 0


def test_a_later_change_of_anchors_writes_only_the_value(channel: ChannelConfig) -> None:
    first = anchor_update(channel, "Org1MSP", [Anchor("peer0.org1.example.com", 7051)])
    organization = channel.organization("Org1MSP")
    group = configtx_pb2.ConfigGroup()
    group.CopyFrom(channel.group)
    held = group.groups["Application"].groups[organization]
    held.values["AnchorPeers"].CopyFrom(
        first.write_set.groups["Application"].groups[organization].values["AnchorPeers"]
    )
    held.version = 1
    config = application(group)
    assert config.anchors["Org1MSP"] == (Anchor("peer0.org1.example.com", 7051),)
    update = anchor_update(config, "Org1MSP", [Anchor("peer1.org1.example.com", 8051)])
    written = update.write_set.groups["Application"].groups[organization]
    assert list(written.values) == ["AnchorPeers"]
    assert written.values["AnchorPeers"].version == 1
    assert written.version == 1


def test_a_stranger_to_the_channel_has_no_anchors_there(channel: ChannelConfig) -> None:
    with pytest.raises(ConfigError, match=r"Org9MSP is no member of channel mychannel \(members: Org1MSP, Org2MSP\)"):
        anchor_update(channel, "Org9MSP", [])


def test_an_organization_without_a_policy_for_changes_is_said_to_be_stuck(channel: ChannelConfig) -> None:
    group = configtx_pb2.ConfigGroup()
    group.CopyFrom(channel.group)
    group.groups["Application"].groups[channel.organization("Org1MSP")].mod_policy = ""
    with pytest.raises(ConfigError, match="can no longer be changed"):
        anchor_update(application(group), "Org1MSP", [Anchor("peer0.org1.example.com", 7051)])


def test_no_difference_is_no_update(channel: ChannelConfig) -> None:
    with pytest.raises(ConfigError, match="nothing to change"):
        compute_update("mychannel", channel.group, channel.group)


def test_removing_a_member_keeps_the_others_as_they_are(channel: ChannelConfig) -> None:
    wanted = configtx_pb2.ConfigGroup()
    wanted.CopyFrom(channel.group)
    gone = channel.organization("Org2MSP")
    stays = channel.organization("Org1MSP")
    del wanted.groups["Application"].groups[gone]
    update = compute_update("mychannel", channel.group, wanted)
    written = update.write_set.groups["Application"]
    assert list(written.groups) == [stays]
    assert written.version == channel.group.groups["Application"].version + 1
    assert written.mod_policy == "Admins"
    assert written.groups[stays].version == channel.group.groups["Application"].groups[stays].version


def test_a_new_member_starts_at_version_zero(channel: ChannelConfig) -> None:
    wanted = configtx_pb2.ConfigGroup()
    wanted.CopyFrom(channel.group)
    fresh = wanted.groups["Application"].groups["Org3"]
    fresh.CopyFrom(wanted.groups["Application"].groups[channel.organization("Org1MSP")])
    fresh.version = 4
    fresh.values["MSP"].version = 9
    written = compute_update("mychannel", channel.group, wanted).write_set.groups["Application"].groups["Org3"]
    assert (written.version, written.values["MSP"].version) == (0, 0)
    assert written.values["MSP"].value == fresh.values["MSP"].value


@pytest.mark.parametrize("content", [b"", b"\xff\xff\xff", b"no transaction"])
def test_another_file_is_no_channel_transaction(content: bytes) -> None:
    with pytest.raises(ConfigError, match="no channel transaction"):
        update_of_transaction(content)
