from __future__ import annotations

from typing import Any

import pytest
from fabric_protos.common import common_pb2
from fabric_protos.orderer import ab_pb2

from fabwiz.fabric.envelope import signed_envelope, utc_now
from fabwiz.fabric.errors import FabricError, Forbidden, NotFound, ServiceUnavailable, TlsRefused, Unreachable
from fabwiz.fabric.identity import SigningIdentity
from fabwiz.fabric.orderer import OrdererClient

UNAVAILABLE = ab_pb2.BroadcastResponse(
    status=common_pb2.SERVICE_UNAVAILABLE, info="backing Kafka cluster has not completed booting; try again later"
)


def block(number: int, last_config: int = 0) -> common_pb2.Block:
    made = common_pb2.Block(header=common_pb2.BlockHeader(number=number))
    index = common_pb2.LastConfig(index=last_config).SerializeToString()
    made.metadata.metadata.extend([b"", common_pb2.Metadata(value=index).SerializeToString(), b""])
    return made


@pytest.fixture
def orderer(orderer_node: Any, serve: Any, authority: Any) -> OrdererClient:
    return OrdererClient(serve("orderer1.example.com", authority, orderer_node), timeout=60)


@pytest.fixture
def envelope(identity: SigningIdentity) -> common_pb2.Envelope:
    return signed_envelope(identity, common_pb2.MESSAGE, "mychannel", common_pb2.LastConfig(index=1), now=utc_now())


def test_an_envelope_is_handed_in(orderer: OrdererClient, orderer_node: Any, envelope: common_pb2.Envelope) -> None:
    orderer.broadcast(envelope)
    [(header, data)] = orderer_node.taken
    assert header.channel_id == "mychannel"
    assert common_pb2.LastConfig.FromString(data).index == 1


def test_a_refusal_carries_the_orderers_words(
    orderer: OrdererClient, orderer_node: Any, envelope: common_pb2.Envelope
) -> None:
    orderer_node.refusals = [ab_pb2.BroadcastResponse(status=common_pb2.BAD_REQUEST, info="bad data")]
    with pytest.raises(FabricError, match=r"orderer1\.example\.com: bad data") as caught:
        orderer.broadcast(envelope)
    assert caught.value.status == "BAD_REQUEST"


def test_kafka_that_is_not_ready_is_waited_for_only_when_told(
    orderer: OrdererClient, orderer_node: Any, envelope: common_pb2.Envelope
) -> None:
    orderer_node.refusals = [UNAVAILABLE, UNAVAILABLE]
    with pytest.raises(ServiceUnavailable, match="not completed booting"):
        orderer.broadcast(envelope)
    orderer.broadcast(envelope, patience=10)
    assert len(orderer_node.taken) == 1


def test_other_refusals_are_not_waited_out(
    orderer: OrdererClient, orderer_node: Any, envelope: common_pb2.Envelope
) -> None:
    orderer_node.refusals = [ab_pb2.BroadcastResponse(status=common_pb2.FORBIDDEN)] * 2
    with pytest.raises(Forbidden):
        orderer.broadcast(envelope, patience=10)
    assert len(orderer_node.refusals) == 1


def test_blocks_are_delivered_in_order(orderer: OrdererClient, orderer_node: Any, identity: SigningIdentity) -> None:
    orderer_node.blocks["mychannel"] = [block(0), block(1), block(2, last_config=1), block(3, last_config=1)]
    assert [b.header.number for b in orderer.deliver("mychannel", identity, 1, None)] == [1, 2, 3]
    assert orderer.newest("mychannel", identity).header.number == 3
    assert orderer.block("mychannel", identity, 0).header.number == 0
    assert orderer.height("mychannel", identity) == 4
    assert orderer.config_block("mychannel", identity).header.number == 1


def test_a_block_that_is_yet_to_come_is_not_found(
    orderer: OrdererClient, orderer_node: Any, identity: SigningIdentity
) -> None:
    orderer_node.blocks["mychannel"] = [block(0)]
    with pytest.raises(NotFound, match="not yet that block"):
        orderer.block("mychannel", identity, 5)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (common_pb2.NOT_FOUND, NotFound),
        (common_pb2.FORBIDDEN, Forbidden),
        (common_pb2.SERVICE_UNAVAILABLE, ServiceUnavailable),
        (common_pb2.INTERNAL_SERVER_ERROR, FabricError),
    ],
)
def test_refusals_to_deliver(
    orderer: OrdererClient, orderer_node: Any, identity: SigningIdentity, status: int, kind: type[FabricError]
) -> None:
    orderer_node.status["mychannel"] = status
    with pytest.raises(kind, match="channel mychannel") as caught:
        orderer.newest("mychannel", identity)
    assert type(caught.value) is kind


def test_serving_means_delivering(orderer: OrdererClient, orderer_node: Any, identity: SigningIdentity) -> None:
    assert not orderer.serves("mychannel", identity)
    orderer_node.blocks["mychannel"] = [block(0)]
    assert orderer.serves("mychannel", identity)
    orderer_node.status["mychannel"] = common_pb2.SERVICE_UNAVAILABLE
    assert not orderer.serves("mychannel", identity)
    orderer_node.status["mychannel"] = common_pb2.FORBIDDEN
    with pytest.raises(Forbidden):
        orderer.serves("mychannel", identity)


def test_a_certificate_of_another_ca_is_refused(
    orderer_node: Any, serve: Any, authority: Any, other_authority: Any, identity: SigningIdentity
) -> None:
    endpoint = serve("orderer1.example.com", authority, orderer_node, trust=other_authority)
    with pytest.raises(TlsRefused, match="not from this network's TLS CA"):
        OrdererClient(endpoint, timeout=60).newest("mychannel", identity)


def test_a_certificate_for_another_name_is_refused(
    orderer_node: Any, serve: Any, authority: Any, identity: SigningIdentity
) -> None:
    endpoint = serve("orderer1.example.com", authority, orderer_node, called="orderer2.example.com")
    with pytest.raises(TlsRefused, match=r"orderer2\.example\.com: TLS refused.*another name"):
        OrdererClient(endpoint, timeout=60).newest("mychannel", identity)


def test_plain_where_the_session_says_so(orderer_node: Any, serve: Any, identity: SigningIdentity) -> None:
    orderer_node.blocks["mychannel"] = [block(0)]
    assert OrdererClient(serve("orderer1.example.com", None, orderer_node)).serves("mychannel", identity)


def test_one_side_plain_is_said(orderer_node: Any, serve: Any, authority: Any, identity: SigningIdentity) -> None:
    endpoint = serve("orderer1.example.com", None, orderer_node, trust=authority)
    with pytest.raises(TlsRefused, match="TLS"):
        OrdererClient(endpoint, timeout=60).newest("mychannel", identity)


def test_nobody_there(identity: SigningIdentity, authority: Any) -> None:
    from fabwiz.fabric.endpoint import Endpoint

    with Endpoint("orderer1.example.com", "127.0.0.1:1", authority.pem) as endpoint:
        client = OrdererClient(endpoint, timeout=60)
        with pytest.raises(Unreachable, match=r"orderer1\.example\.com: no connection") as caught:
            client.newest("mychannel", identity)
        assert type(caught.value) is Unreachable


def test_a_closed_endpoint_opens_again(orderer: OrdererClient, orderer_node: Any, identity: SigningIdentity) -> None:
    orderer_node.blocks["mychannel"] = [block(0)]
    assert orderer.serves("mychannel", identity)
    orderer.endpoint.close()
    assert orderer.serves("mychannel", identity)


def test_a_proxy_in_the_environment_is_not_used(
    orderer: OrdererClient, orderer_node: Any, identity: SigningIdentity, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "grpc_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    orderer_node.blocks["mychannel"] = [block(0)]
    assert orderer.serves("mychannel", identity)
