from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fabric_protos.common import common_pb2, configtx_pb2
from fabric_protos.orderer import ab_pb2

from fabwiz.fabric.channel import create_channel, fetch_config, genesis_of, set_anchors, signers_needed
from fabwiz.fabric.config import Anchor, ConfigError
from fabwiz.fabric.errors import FabricError, Forbidden
from fabwiz.fabric.orderer import OrdererClient

EXPECTED = Path(__file__).parent.parent / "reference" / "four-lan-hosts-1.4.12" / "expected"
ANCHORS = [Anchor("peer0.org1.example.com", 7051)]


def config_block(number: int, channel: str, group: configtx_pb2.ConfigGroup) -> common_pb2.Block:
    header = common_pb2.ChannelHeader(type=common_pb2.CONFIG, channel_id=channel).SerializeToString()
    envelope = configtx_pb2.ConfigEnvelope(config=configtx_pb2.Config(sequence=number, channel_group=group))
    payload = common_pb2.Payload(
        header=common_pb2.Header(channel_header=header), data=envelope.SerializeToString()
    ).SerializeToString()
    block = common_pb2.Block(header=common_pb2.BlockHeader(number=number))
    block.data.data.append(common_pb2.Envelope(payload=payload).SerializeToString())
    index = common_pb2.LastConfig(index=number).SerializeToString()
    block.metadata.metadata.extend([b"", common_pb2.Metadata(value=index).SerializeToString()])
    return block


class System:
    """An orderer's channels: a creation makes one with its consortium's organizations, an update is written into it."""

    def __init__(self, node: Any, verify: Any) -> None:
        self.node, self.verify = node, verify
        self.genesis = common_pb2.Block.FromString((EXPECTED / "genesis.block").read_bytes())
        envelope = common_pb2.Envelope.FromString(self.genesis.data.data[0])
        content = common_pb2.Payload.FromString(envelope.payload).data
        self.group = configtx_pb2.ConfigEnvelope.FromString(content).config.channel_group
        self.updates: list[configtx_pb2.ConfigUpdate] = []
        self.signers: list[list[str]] = []
        node.blocks["system-channel"] = [config_block(0, "system-channel", self.group)]
        node.on_taken = self.take

    def take(self, header: common_pb2.ChannelHeader, data: bytes) -> None:
        envelope = configtx_pb2.ConfigUpdateEnvelope.FromString(data)
        signers = []
        for one in envelope.signatures:
            creator = common_pb2.SignatureHeader.FromString(one.signature_header).creator
            signers.append(self.verify(creator, one.signature, one.signature_header + envelope.config_update))
        self.signers.append(signers)
        update = configtx_pb2.ConfigUpdate.FromString(envelope.config_update)
        self.updates.append(update)
        blocks = self.node.blocks.setdefault(header.channel_id, [])
        group = configtx_pb2.ConfigGroup()
        group.CopyFrom(self.latest(header.channel_id) if blocks else self.group)
        if not blocks:
            for name, one in next(iter(group.groups["Consortiums"].groups.values())).groups.items():
                group.groups["Application"].groups[name].CopyFrom(one)
            del group.groups["Consortiums"]
        for name, one in update.write_set.groups["Application"].groups.items():
            held = group.groups["Application"].groups[name]
            if "AnchorPeers" in one.values:
                held.values["AnchorPeers"].CopyFrom(one.values["AnchorPeers"])
                held.version = one.version
        blocks.append(config_block(len(blocks), header.channel_id, group))

    def latest(self, channel: str) -> configtx_pb2.ConfigGroup:
        envelope = common_pb2.Envelope.FromString(self.node.blocks[channel][-1].data.data[0])
        content = common_pb2.Payload.FromString(envelope.payload).data
        return configtx_pb2.ConfigEnvelope.FromString(content).config.channel_group


@pytest.fixture
def system(orderer_node: Any, verify: Any) -> System:
    return System(orderer_node, verify)


@pytest.fixture
def orderer(orderer_node: Any, serve: Any, authority: Any, system: Any) -> OrdererClient:
    return OrdererClient(serve("orderer1.example.com", authority, orderer_node), timeout=60)


@pytest.fixture
def transaction() -> bytes:
    return (EXPECTED / "mychannel.tx").read_bytes()


def test_a_channel_is_created_once(orderer: OrdererClient, system: Any, identity: Any, transaction: bytes) -> None:
    assert create_channel(orderer, transaction, [identity], identity, timeout=60)
    assert not create_channel(orderer, transaction, [identity], identity, timeout=60)
    assert system.signers == [["Org1MSP"]]
    assert genesis_of(orderer, "mychannel", identity).header.number == 0
    config = fetch_config(orderer, "mychannel", identity)
    assert sorted(config.msp_ids.values()) == ["Org1MSP", "Org2MSP"]


def test_the_orderers_configuration_says_how_many_sign(
    orderer: OrdererClient, identity: Any, transaction: bytes
) -> None:
    assert signers_needed(orderer, "system-channel", identity, transaction) == 1


def test_a_refused_creation_raises_the_orderers_words(
    orderer: OrdererClient, orderer_node: Any, identity: Any, transaction: bytes
) -> None:
    orderer_node.refusals = [
        ab_pb2.BroadcastResponse(
            status=common_pb2.BAD_REQUEST, info="policy for [Group]  /Channel/Application not satisfied"
        )
    ]
    with pytest.raises(Forbidden, match="not satisfied"):
        create_channel(orderer, transaction, [], identity, timeout=60)


def test_somebody_else_may_have_created_it_meanwhile(
    orderer: OrdererClient, orderer_node: Any, system: Any, identity: Any, transaction: bytes
) -> None:
    """1.0 answers a bare BAD_REQUEST then."""

    class Late(list[ab_pb2.BroadcastResponse]):
        def pop(self, index: Any = -1) -> Any:
            orderer_node.blocks["mychannel"] = [config_block(0, "mychannel", system.group)]
            return super().pop(index)

    orderer_node.refusals = Late([ab_pb2.BroadcastResponse(status=common_pb2.BAD_REQUEST)])
    assert not create_channel(orderer, transaction, [identity], identity, timeout=60)


def test_anchors_are_set_once_and_with_the_file_where_it_fits(
    orderer: OrdererClient, system: Any, identity: Any, transaction: bytes
) -> None:
    create_channel(orderer, transaction, [identity], identity, timeout=60)
    file = (EXPECTED / "mychannel-Org1MSP-anchors.tx").read_bytes()
    assert set_anchors(orderer, "mychannel", identity, ANCHORS, transaction=file, timeout=60)
    assert not set_anchors(orderer, "mychannel", identity, ANCHORS, transaction=file, timeout=60)
    assert fetch_config(orderer, "mychannel", identity).anchors["Org1MSP"] == tuple(ANCHORS)
    official = common_pb2.Payload.FromString(common_pb2.Envelope.FromString(file).payload).data
    sent = configtx_pb2.ConfigUpdateEnvelope.FromString(official).config_update
    assert system.updates[-1] == configtx_pb2.ConfigUpdate.FromString(sent)
    assert system.signers[-1] == ["Org1MSP"]


def test_anchors_are_changed_against_the_current_configuration(
    orderer: OrdererClient, system: Any, identity: Any, transaction: bytes
) -> None:
    create_channel(orderer, transaction, [identity], identity, timeout=60)
    file = (EXPECTED / "mychannel-Org1MSP-anchors.tx").read_bytes()
    set_anchors(orderer, "mychannel", identity, ANCHORS, transaction=file, timeout=60)
    more = [*ANCHORS, Anchor("peer1.org1.example.com", 7051)]
    assert set_anchors(orderer, "mychannel", identity, more, transaction=file, timeout=60)
    config = fetch_config(orderer, "mychannel", identity)
    assert config.anchors["Org1MSP"] == tuple(more)
    written = system.updates[-1].write_set.groups["Application"].groups[config.organization("Org1MSP")]
    assert written.values["AnchorPeers"].version == 1


def test_a_file_of_1_0_that_would_freeze_the_organization_is_not_used(
    orderer: OrdererClient, system: Any, identity: Any, transaction: bytes
) -> None:
    create_channel(orderer, transaction, [identity], identity, timeout=60)
    file = EXPECTED.parent.parent / "three-orgs-one-host" / "expected" / "channel1-Org1MSP-anchors.tx"
    assert set_anchors(orderer, "mychannel", identity, ANCHORS, transaction=file.read_bytes(), timeout=60)
    [organization] = system.updates[-1].write_set.groups["Application"].groups.values()
    assert organization.mod_policy == "Admins"


def test_a_refused_update_raises_and_a_done_one_does_not(
    orderer: OrdererClient, orderer_node: Any, identity: Any, transaction: bytes
) -> None:
    create_channel(orderer, transaction, [identity], identity, timeout=60)
    orderer_node.refusals = [ab_pb2.BroadcastResponse(status=common_pb2.BAD_REQUEST, info="no")]
    with pytest.raises(FabricError, match="no"):
        set_anchors(orderer, "mychannel", identity, ANCHORS, timeout=60)


def test_a_file_that_is_no_transaction(orderer: OrdererClient, identity: Any) -> None:
    with pytest.raises(ConfigError, match="no channel transaction"):
        create_channel(orderer, b"x", [identity], identity)
