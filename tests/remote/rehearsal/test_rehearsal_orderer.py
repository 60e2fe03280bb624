"""The stand-in orderer: what it refuses, in Fabric's words, and the chains that it cuts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from fabric_protos.common import common_pb2
from fabric_protos.orderer import ab_pb2, ab_pb2_grpc

from fabwiz.fabric.channel import create_channel, fetch_config, set_anchors
from fabwiz.fabric.config import Anchor
from fabwiz.fabric.config_update import signed_update, update_of_transaction
from fabwiz.fabric.envelope import seek_envelope, signed_envelope, utc_now
from fabwiz.fabric.errors import ChannelExists, FabricError, Forbidden, NotFound, ServiceUnavailable
from fabwiz.remote.rehearsal.ledger.blocks import data_hash, header_hash

P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def message(lan: Any, organization: str = "Org1", channel: str = "mychannel") -> common_pb2.Envelope:
    return signed_envelope(
        lan.user(organization), common_pb2.MESSAGE, channel, common_pb2.Payload(data=b"x"), now=utc_now()
    )


def seek(lan: Any, envelope: common_pb2.Envelope) -> int:
    """The status that Deliver ends with."""
    stub = ab_pb2_grpc.AtomicBroadcastStub(lan.orderer().endpoint.channel)
    answers = [answer for answer in stub.Deliver(iter([envelope]), timeout=60) if answer.WhichOneof("Type") == "status"]
    return int(answers[-1].status)


def test_blocks_are_the_same_on_all_orderers(lan: Any) -> None:
    lan.invoke("invoke", "a", "b", "1")
    admin = lan.user("Org1")
    chains = [list(lan.orderer(number).deliver("mychannel", admin, 0, None)) for number in (1, 2)]
    assert len(chains[0]) >= 3
    assert [b.header for b in chains[0]] == [b.header for b in chains[1]]
    for before, block in zip(chains[0], chains[0][1:], strict=False):
        assert block.header.previous_hash == header_hash(before.header)
        assert block.header.data_hash == data_hash(block.data)


def test_a_forged_signature_is_refused(lan: Any) -> None:
    envelope = message(lan)
    envelope.payload += b"\x1a\x00"
    with pytest.raises(Forbidden, match="permission denied"):
        lan.orderer().broadcast(envelope)


def test_a_high_s_is_refused(lan: Any) -> None:
    envelope = message(lan)
    r, s = decode_dss_signature(envelope.signature)
    envelope.signature = encode_dss_signature(r, P256 - s)
    with pytest.raises(Forbidden, match="implicit policy evaluation failed"):
        lan.orderer().broadcast(envelope)


def test_an_organization_outside_the_channel_neither_writes_nor_reads(lan: Any) -> None:
    with pytest.raises(Forbidden):
        lan.orderer().broadcast(message(lan, "Org3"))
    with pytest.raises(Forbidden):
        lan.orderer().newest("mychannel", lan.user("Org3"))


def test_peers_do_not_read_the_system_channel(lan: Any) -> None:
    with pytest.raises(Forbidden):
        lan.orderer().newest("system-channel", lan.user("Org1"))


def test_unknown_channels_and_blocks_are_not_found(lan: Any) -> None:
    with pytest.raises(NotFound):
        lan.orderer().newest("nochannel", lan.user("Org1"))
    with pytest.raises(NotFound):
        lan.orderer().block("mychannel", lan.user("Org1"), 999)
    with pytest.raises(NotFound, match="channel does not exist"):
        lan.orderer().broadcast(message(lan, channel="nochannel"))


def test_a_clock_that_is_off_is_refused(lan: Any) -> None:
    old = utc_now() - timedelta(minutes=16)
    envelope = seek_envelope(lan.user("Org1"), "mychannel", 0, 0, wait=False, now=old)
    assert seek(lan, envelope) == common_pb2.BAD_REQUEST


def test_an_empty_seek_is_refused(lan: Any) -> None:
    envelope = signed_envelope(
        lan.user("Org1"), common_pb2.DELIVER_SEEK_INFO, "mychannel", ab_pb2.SeekInfo(), now=utc_now()
    )
    assert seek(lan, envelope) == common_pb2.BAD_REQUEST


def test_a_message_larger_than_a_block_is_refused(own_lan: Callable[..., Any]) -> None:
    small = {
        "batch_timeout": "200ms",
        "absolute_max_bytes": "16 KB",
        "preferred_max_bytes": "8 KB",
        "kafka": {"min_insync_replicas": 1, "replication_factor": 2},
    }
    lan = own_lan(ordering=small)
    lan.create()
    big = signed_envelope(
        lan.user("Org1"), common_pb2.MESSAGE, "mychannel", common_pb2.Payload(data=bytes(20_000)), now=utc_now()
    )
    with pytest.raises(FabricError, match=r"message payload is \d+ bytes and exceeds maximum allowed 16384 bytes"):
        lan.orderer().broadcast(big)


def test_anchors_are_set_by_the_organization_itself_only(lan: Any) -> None:
    orderer, admin = lan.orderer(), lan.user("Org1")
    transaction = lan.workspace.anchors_tx("mychannel", "Org1MSP").read_bytes()
    channel, update = update_of_transaction(transaction)
    stranger = lan.user("Org2")
    with pytest.raises(FabricError, match=r"error validating DeltaSet: policy for .* not satisfied"):
        orderer.broadcast(signed_update(update, channel, [stranger], stranger, now=utc_now()))
    user = lan.user("Org1", "User1")
    with pytest.raises(FabricError, match="not satisfied"):
        orderer.broadcast(signed_update(update, channel, [user], user, now=utc_now()))
    anchor = Anchor("peer0.org1.example.com", 7051)
    assert set_anchors(orderer, "mychannel", admin, [anchor], transaction=transaction)
    assert fetch_config(orderer, "mychannel", admin).anchors["Org1MSP"] == (anchor,)
    with pytest.raises(FabricError, match=r"proposed update requires that key .* be at version 0, but it is currently"):
        orderer.broadcast(signed_update(update, channel, [admin], admin, now=utc_now()))


def test_configurations_made_at_the_same_time_all_come_true(
    own_lan: Callable[..., Any], wait_until: Callable[..., Any]
) -> None:
    """The second was checked against a configuration that is outdated when its turn comes: it is submitted again."""
    lan = own_lan()
    lan.create()
    envelopes = []
    for name in ("Org1", "Org2"):
        channel, update = update_of_transaction(lan.workspace.anchors_tx("mychannel", f"{name}MSP").read_bytes())
        admin = lan.user(name)
        envelopes.append(signed_update(update, channel, [admin], admin, now=utc_now()))
    orderers = [lan.orderer(1), lan.orderer(2)]
    for orderer, envelope in zip(orderers, envelopes, strict=True):
        orderer.broadcast(envelope)
    admin = lan.user("Org1")
    wait_until(lambda: all(fetch_config(orderers[0], "mychannel", admin).anchors[f"{o}MSP"] for o in ("Org1", "Org2")))
    wait_until(lambda: len({o.newest("mychannel", admin).header.SerializeToString() for o in orderers}) == 1)


@pytest.mark.parametrize(
    ("fabric", "words"),
    [
        ("1.0.0", r"answered BAD_REQUEST without a reason"),
        ("1.1.0", r"readset expected key \[Group\]  /Channel/Application at version 0, but got version 1"),
        ("1.4.12", r"key \[Group\]  /Channel/Application be at version 0, but it is currently at version 1"),
    ],
)
def test_an_existing_channel_is_refused_in_the_words_of_the_release(
    own_lan: Callable[..., Any], fabric: str, words: str
) -> None:
    lan = own_lan(fabric)
    admin = lan.user("Org1")
    orderer = lan.orderer()
    assert create_channel(orderer, lan.creation(), [admin], admin, timeout=20)
    channel, update = update_of_transaction(lan.creation())
    with pytest.raises(FabricError, match=words) as refused:
        orderer.broadcast(signed_update(update, channel, [admin], admin, now=utc_now()))
    assert isinstance(refused.value, ChannelExists) or fabric == "1.0.0"


def test_a_channel_needs_a_member_of_its_consortium(lan: Any) -> None:
    channel, update = update_of_transaction(lan.creation().replace(b"mychannel", b"mychanneb"))
    stranger = lan.user("orderers")
    with pytest.raises(FabricError, match="not satisfied"):
        lan.orderer().broadcast(signed_update(update, channel, [stranger], stranger, now=utc_now()))
    wrong = lan.creation().replace(b"SampleConsortium", b"ForeignConsorts!").replace(b"mychannel", b"mychanneb")
    channel, update = update_of_transaction(wrong)
    admin = lan.user("Org1")
    with pytest.raises(FabricError, match="Unknown consortium name: ForeignConsorts!"):
        lan.orderer().broadcast(signed_update(update, channel, [admin], admin, now=utc_now()))


def test_without_kafka_nothing_is_served(own_lan: Callable[..., Any], wait_until: Callable[..., Any]) -> None:
    lan = own_lan()
    lan.create()
    for host, broker in (("h1", "kafka1"), ("h2", "kafka2")):
        lan.shells[host].run("docker", "stop", broker)
    wait_until(lambda: not lan.serves(1))
    with pytest.raises(ServiceUnavailable):
        lan.orderer().broadcast(message(lan))
    for host, broker in (("h1", "kafka1"), ("h2", "kafka2")):
        lan.shells[host].run("docker", "start", broker)
    wait_until(lambda: lan.serves(1) and lan.serves(2))
    lan.orderer().broadcast(message(lan))


def test_what_a_start_needs_is_named(own_lan: Callable[..., Any], wait_until: Callable[..., Any]) -> None:
    lan = own_lan()
    folder = lan.shells["h1"].folder
    lan.compose("h1", "stop", "orderer1.example.com")
    lan.shells["h1"].run("docker", "rm", "orderer1.example.com")
    keystore = folder / "orderer1.example.com" / "msp" / "keystore"
    next(keystore.iterdir()).unlink()
    lan.compose("h1", "up", "-d", "--no-deps", "orderer1.example.com")
    wait_until(
        lambda: "Failed to initialize local MSP: KeyMaterial not found" in lan.logs("h1", "orderer1.example.com")
    )
    (folder / "genesis.block").unlink()
    lan.shells["h1"].run("docker", "rm", "-f", "orderer1.example.com")
    answer = lan.compose("h1", "up", "-d", "--no-deps", "orderer1.example.com")
    assert "bind source path does not exist" in answer.err
