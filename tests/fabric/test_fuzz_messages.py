"""Whatever a node answers in place of Fabric's messages: FabricError or ConfigError, or what could be read."""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import Any

import pytest
from fabric_protos.common import common_pb2, configtx_pb2, ledger_pb2
from fabric_protos.peer import query_pb2, transaction_pb2
from hypothesis import given
from hypothesis import strategies as st

from fabwiz.fabric.config import ConfigError, parse_config, signatures_to_create
from fabwiz.fabric.endpoint import Endpoint
from fabwiz.fabric.errors import FabricError, from_answer
from fabwiz.fabric.orderer import OrdererClient
from fabwiz.fabric.peer import PeerClient
from fabwiz.remote.sanitize import clean
from tests.fuzzing import FUZZ


def _samples() -> list[bytes]:
    found = [
        ledger_pb2.BlockchainInfo(height=7, currentBlockHash=b"x").SerializeToString(),
        query_pb2.ChannelQueryResponse(channels=[query_pb2.ChannelInfo(channel_id="c")]).SerializeToString(),
        transaction_pb2.ProcessedTransaction(validationCode=11).SerializeToString(),
    ]
    block = common_pb2.Block()
    config = configtx_pb2.ConfigEnvelope()
    config.config.channel_group.groups["Application"].groups["Org1"].values["MSP"].value = b"\x0a\x03abc"
    header = common_pb2.ChannelHeader(type=common_pb2.CONFIG, channel_id="mychannel")
    payload = common_pb2.Payload(data=config.SerializeToString())
    payload.header.channel_header = header.SerializeToString()
    block.data.data.append(common_pb2.Envelope(payload=payload.SerializeToString()).SerializeToString())
    block.metadata.metadata.extend([b"", b"", b"", b""])
    return [*found, block.SerializeToString()]


SAMPLES = _samples()


@st.composite
def garbled(draw: st.DrawFn) -> bytes:
    """A message with bytes put in, taken out and changed; sometimes anything at all."""
    data = bytearray(draw(st.sampled_from(SAMPLES) | st.binary(max_size=60)))
    for place, length, new in draw(
        st.lists(st.tuples(st.integers(0, 400), st.integers(0, 4), st.binary(max_size=4)), max_size=4)
    ):
        place %= len(data) + 1
        data[place : place + length] = new
    return bytes(data)


class Answering(PeerClient):
    """A peer that answers every question alike."""

    payload = b""

    def call(self, *_: Any, **__: Any) -> bytes:
        return self.payload


class Ordering(OrdererClient):
    """An orderer that delivers every block alike."""

    payload = b""

    def _one(self, channel: str, identity: Any, number: int | None) -> common_pb2.Block:
        try:
            return common_pb2.Block.FromString(self.payload)
        except Exception:
            return common_pb2.Block()


@FUZZ
@given(garbled())
def test_fuzz_answers_of_nodes(payload: bytes) -> None:
    endpoint = Endpoint("peer0.org1.example.com", "127.0.0.1:1", None)
    nobody: Any = None
    peer, orderer = Answering(endpoint), Ordering(endpoint)
    peer.payload = orderer.payload = payload
    for ask in (
        lambda: peer.channels(nobody),
        lambda: peer.chain_info(nobody, "c"),
        lambda: peer.config_block(nobody, "c"),
        lambda: peer.validation(nobody, "c", "id"),
        lambda: peer.installed(nobody),
        lambda: peer.instantiated(nobody, "c"),
        lambda: orderer.config_block("c", nobody),
    ):
        with suppress(FabricError):
            assert ask() is not None


@FUZZ
@given(garbled())
def test_fuzz_configurations(payload: bytes) -> None:
    try:
        block = common_pb2.Block.FromString(payload)
    except Exception:
        block = common_pb2.Block()
        block.data.data.append(payload)
    with suppress(ConfigError):
        signatures_to_create(parse_config(block), "SampleConsortium", 2)


@FUZZ
@given(st.text(max_size=300), st.text(max_size=10))
def test_fuzz_refusals(message: str, status: str) -> None:
    error = from_answer(message, target="peer0", status=status)
    assert clean(error.message) == error.message or "\x1b" not in error.message


def test_a_node_that_answers_garbage_is_named() -> None:
    peer = Answering(Endpoint("peer0.org1.example.com", "127.0.0.1:1", None))
    peer.payload = base64.b64decode("/////w==")
    with pytest.raises(FabricError) as raised:
        peer.chain_info(None, "mychannel")  # type: ignore[arg-type]
    assert str(raised.value) == "peer0.org1.example.com: its answer makes no sense (DecodeError)"
